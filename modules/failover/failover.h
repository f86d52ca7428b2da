/**
 * @file failover.h  Shared by the files of the module
 *
 * Sensors (events, wire, icmp, network) tell a line what they see; the line
 * asks its policy; actors (registration, request) do what was decided.
 * Sensors and actors do not know each other.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FAILOVER_H
#define FAILOVER_FAILOVER_H

#include "compat.h"
#include "policy.h"
#include "server.h"

struct icmp;
struct request;


/** One account: its servers, what is known of them, what is to be done */
struct line {
	struct le le;
	struct ua *ua;               /**< Not referenced: it tells its end   */
	const char *unmanaged;       /**< Why it is left alone, or NULL      */

	struct settings set;
	struct server serverv[MAX_SERVERS];
	unsigned serverc;
	struct policy policy;

	struct decision todo;        /**< Decided, not done yet              */
	struct tmr tmr_todo;
	struct tmr tmr_policy;

	unsigned client;             /**< Server that Baresip's own client
					  registers with, 0: none            */
	bool registering;            /**< Our own ua_register() under way    */
	char *contact_params;        /**< Of Baresip's Contact, no expires   */
	struct request *probe;       /**< Failback check under way           */
	struct request *renewal;     /**< Binding being renewed              */
	unsigned renewal_deregs;     /**< See policy_renewed()               */
	struct icmp *icmpv[MAX_SERVERS];/**< Hears "port unreachable"        */
};


/* line: an account, its evidence and its decisions */
int  line_alloc(struct line **linep, struct ua *ua);
struct line *line_find(const struct ua *ua);
struct line *line_find_aor(const struct pl *user, const struct pl *host);
struct list *line_list(void);
void line_scan(void);
void line_close_all(void);
const struct server *line_server(const struct line *line, unsigned server);
unsigned line_server_of(struct line *line, const struct pl *route,
			enum sip_transp tp, const struct sa *dst);
const char *line_aor(const struct line *line);
const char *line_name(const struct line *line);
void line_decide(struct line *line, const struct decision *d);
void line_registering(struct line *line);
void line_register_result(struct line *line, const char *text, bool ok);
void line_sent(struct line *line, unsigned server, uint64_t since,
	       bool again);
void line_answered(struct line *line, unsigned server, uint16_t scode);
void line_poke(struct line *line, unsigned server, const struct sa *dst,
	       uint64_t since);
void line_failed(struct line *line, unsigned server, uint64_t since,
		 const char *reason);
void line_deregistered(struct line *line);
void line_unregistered(struct line *line);
void line_network_back(struct line *line);

/* config: an account line and the config file */
void config_open(void);
const char *config_account(struct line *line);
bool config_param(const struct line *line, const char *name, struct pl *val);

/* registration: Baresip's own */
void registration_move(struct line *line, unsigned server);
void registration_aim(struct line *line, unsigned server);

/* request: a REGISTER or OPTIONS of our own */
typedef void (request_h)(int err, const struct sip_msg *msg, void *arg);

int request_register(struct request **reqp, struct line *line,
		     unsigned server, request_h *h, void *arg);
int request_options(struct request **reqp, struct line *line,
		    unsigned server, request_h *h, void *arg);
bool request_is_own(const struct pl *callid);

/* trace: libre's slot for a trace handler */
int  trace_open(sip_trace_h *h);
void trace_close(void);

/* wire: the client transactions of our accounts, as seen in the trace */
int  wire_open(void);
void wire_close(void);
void wire_forget(const struct line *line);

/* icmp: "port unreachable" from a server */
int  icmp_alloc(struct icmp **icmpp, struct line *line, unsigned server);
void icmp_poke(struct icmp *icmp, const struct sa *dst, uint64_t since);

/* network: addresses and routes of the machine */
typedef void (network_h)(void);

int  network_open(network_h *h);
void network_close(void);

/* report: what the user is told */
void report_decision(const struct line *line, const struct decision *d);
int  report_table(struct re_printf *pf, const struct line *line);
int  report_json(struct re_printf *pf, const struct line *line);

/* command: what the user orders */
int  command_open(void);
void command_close(void);

#endif
