/**
 * @file baresip_decl.h  Our own declarations of Baresip's functions
 *
 * Debian ships no baresip.h. A module finds Baresip's functions in the
 * executable that loads it. So declarations of the functions that we call are
 * enough. They are right for Baresip 1.0.0 and 1.1.0. If pkg-config finds
 * libbaresip, upstream's own header is used instead.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_BARESIP_DECL_H
#define FAILOVER_BARESIP_DECL_H

#define DECL_EXPORTS(name) exports

struct account;
struct call;
struct commands;
struct conf;
struct ua;

/* The numbers differ between versions: use only uag_event_str() */
enum ua_event {
	UA_EVENT_OTHER = 1000,       /**< Above those of every version       */
};

typedef void (ua_event_h)(struct ua *ua, enum ua_event ev, struct call *call,
			  const char *prm, void *arg);

/* log */
void info(const char *fmt, ...);
void warning(const char *fmt, ...);

/* configuration */
typedef int (confline_h)(const struct pl *line, void *arg);

struct conf *conf_cur(void);
int conf_path_get(char *path, size_t sz);
int conf_parse(const char *filename, confline_h *ch, void *arg);
int conf_get_str(const struct conf *conf, const char *name, char *str,
		 size_t size);

/* account */
int account_auth(const struct account *acc, char **username, char **password,
		 const char *realm);
int account_set_outbound(struct account *acc, const char *ob, unsigned ix);
int account_set_regint(struct account *acc, uint32_t regint);
struct sip_addr *account_laddr(const struct account *acc);
uint32_t account_regint(const struct account *acc);
const char *account_aor(const struct account *acc);
const char *account_outbound(const struct account *acc, unsigned ix);
const char *account_medianat(const struct account *acc);
int account_set_medianat(struct account *acc, const char *mnatid);

uint32_t account_pubint(const struct account *acc);

/* contacts */
struct contact;
struct contacts;

enum presence_status {
	PRESENCE_UNKNOWN,
	PRESENCE_OPEN,
	PRESENCE_CLOSED,
};

struct contacts *baresip_contacts(void);
int  contact_add(struct contacts *contacts, struct contact **contactp,
		 const struct pl *addr);
void contact_remove(struct contacts *contacts, struct contact *c);
struct contact *contact_find(const struct contacts *contacts,
			     const char *uri);
struct sip_addr *contact_addr(const struct contact *c);
struct list *contact_list(const struct contacts *contacts);
const char *contact_str(const struct contact *c);
struct le *contact_le(struct contact *c);
enum presence_status contact_presence(const struct contact *c);
void contact_set_presence(struct contact *c, enum presence_status status);
void contacts_set_current(struct contacts *contacts, struct contact *c);
struct contact *contacts_current(const struct contacts *contacts);

/* call */
enum call_state {
	CALL_STATE_OUTGOING = 2,
};

enum vidmode {
	VIDMODE_OFF = 0,
	VIDMODE_ON,
};

int  call_connect(struct call *call, const struct pl *paddr);
void call_hangup(struct call *call, uint16_t scode, const char *reason);
bool call_has_video(const struct call *call);
bool call_is_outgoing(const struct call *call);
enum call_state call_state(const struct call *call);
const char *call_id(const struct call *call);
const char *call_peeruri(const struct call *call);
const char *call_localuri(const struct call *call);

struct list *call_streaml(const struct call *call);

/* media */
struct stream;

uint32_t stream_metric_get_rx_n_packets(const struct stream *strm);

/* user agent */
int  ua_register(struct ua *ua);
void ua_unregister(struct ua *ua);
bool ua_isregistered(const struct ua *ua);
int  ua_connect(struct ua *ua, struct call **callp, const char *from_uri,
		const char *req_uri, enum vidmode vmode);
void ua_hangup(struct ua *ua, struct call *call, uint16_t scode,
	       const char *reason);
const char *ua_local_cuser(const struct ua *ua);
struct account *ua_account(const struct ua *ua);
struct list *ua_calls(const struct ua *ua);

enum presence_status ua_presence_status(const struct ua *ua);
void ua_presence_status_set(struct ua *ua, enum presence_status status);


/* network */
struct network;
struct dnsc;

struct network *baresip_network(void);
struct dnsc *net_dnsc(const struct network *net);

/* user agents */
struct ua *uag_find_aor(const char *aor);
int  uag_event_register(ua_event_h *eh, void *arg);
void uag_event_unregister(ua_event_h *eh);
const char *uag_event_str(enum ua_event ev);
struct sip  *uag_sip(void);
struct list *uag_list(void);
int  uag_reset_transp(bool reg, bool reinvite);

/* events for programs: up to 3.14; those of modules since 1.1.0 */
void ua_event(struct ua *ua, enum ua_event ev, struct call *call,
	      const char *fmt, ...) __attribute__((weak));
void module_event(const char *module, const char *event, struct ua *ua,
		  struct call *call, const char *fmt, ...)
	__attribute__((weak));

/* commands */
enum {
	CMD_PRM = (1<<0),            /**< Takes a parameter                  */
};

struct cmd_arg {
	char key;
	char *prm;
	void *data;
};

struct cmd {
	const char *name;
	char key;
	int flags;
	const char *desc;
	re_printf_h *h;
};

struct commands *baresip_commands(void);
int  cmd_register(struct commands *commands, const struct cmd *cmdv,
		  size_t cmdc);
void cmd_unregister(struct commands *commands, const struct cmd *cmdv);
const struct cmd *cmd_find_long(const struct commands *commands,
				const char *name);

#endif
