/**
 * @file failover.h  Shared by the files of the module
 *
 * Sensors tell a line what they see, the line asks its policy, actors do what
 * was decided: docs/design.md.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FAILOVER_H
#define FAILOVER_FAILOVER_H

#include "actors.h"
#include "compat.h"
#include "policy.h"
#include "sensors.h"
#include "server.h"


/** One account: its servers, what is known of them, what is to be done */
struct line {
	struct le le;
	struct ua *ua;               /**< Not referenced: see line_scan()    */
	struct account *acc;
	char *unmanaged;             /**< Why it is left alone, or NULL      */

	struct settings set;
	struct server serverv[MAX_SERVERS];
	unsigned serverc;
	struct policy policy;

	struct decision todo;        /**< Decided, not done yet              */
	bool drop;                   /**< ... and to be let go of: requests  */
	struct tmr tmr_todo;
	struct tmr tmr_policy;

	unsigned client;             /**< Server that Baresip's own client
					  registers with, 0: none            */
	bool registering;            /**< Our own ua_register() under way    */
	char *contact_params;        /**< Of Baresip's Contact, no expires   */
	struct list contactl;        /**< Registered; in use: the first      */
	char *left;                  /**< Contact that was left behind       */
	struct request *probe;       /**< Failback check under way           */
	struct request *keepalive;   /**< OPTIONS under way                  */
	unsigned keepalive_server;   /**< ... and where it went              */
	uint64_t keepalive_since;    /**< ... and when [ms]                  */
	struct request *renewal;     /**< Binding being renewed              */
	unsigned renewal_deregs;     /**< See policy_renewed()               */
	unsigned renewal_server;     /**< ... and where it went              */
	uint64_t renewal_since;      /**< When it was sent [ms]              */
	struct request *standby;     /**< REGISTER with the next server      */
	unsigned standby_server;     /**< ... and where it went              */
	bool offline;                /**< The user knows: no network         */
	uint64_t back;               /**< When there was one again [ms]      */
	uint64_t cut;                /**< Sockets were opened anew [ms]      */
	struct tmr tmr_again;        /**< Register anew                      */
	unsigned calls_moved;
	unsigned byes_moved;
	struct poke *pokev[MAX_SERVERS];/**< Hears "port unreachable"        */
	struct lookup *lookupv[MAX_SERVERS];/**< Of names, under way         */
};


/* line: our accounts */
int  line_alloc(struct line **linep, struct ua *ua);
struct line *line_find(const struct ua *ua);
struct line *line_find_called(const struct sip_msg *msg);
struct line *line_find_request(const struct sip_msg *msg);
struct list *line_list(void);
void line_scan(void);
bool line_is_orphan(const struct line *line);
void line_close_all(void);
const char *line_aor(const struct line *line);
const char *line_name(const struct line *line);

/* line_servers: the servers of an account */
const struct server *line_server(const struct line *line, unsigned server);
unsigned line_server_of(struct line *line, unsigned guess,
			const struct pl *route, enum sip_transp tp,
			const struct sa *dst);
bool line_keeps_contact(const struct line *line, enum sip_transp tp,
			const struct sa *dst);
void line_poke(struct line *line, unsigned server, enum sip_transp tp,
	       const struct sa *dst, uint64_t since);
void line_look(struct line *line, unsigned server);
void line_end_dead(const struct line *line, unsigned server);
void line_describe_error(const struct line *line, unsigned server,
			 const char *text, char *reason, size_t size);

/* evidence: what is seen of an account's servers */
uint16_t line_status_code(const char *text);
bool line_error_is(const char *text, int err);
void line_registering(struct line *line);
void line_register_result(struct line *line, const char *text, bool ok);
void line_sent(struct line *line, unsigned server, uint64_t since,
	       bool again);
void line_answered(struct line *line, unsigned server, uint64_t since,
		   uint16_t scode);
void line_granted(struct line *line, unsigned server, uint32_t expires);
void line_retry_after(struct line *line, unsigned server, uint32_t s);
void line_failed(struct line *line, unsigned server, uint64_t since,
		 const char *reason);
void line_unreachable(struct line *line, unsigned server,
		      const struct sa *dst, uint64_t since,
		      const char *reason);
bool line_goes_on(struct line *line, unsigned server, const struct sa *dst);
void line_refused(struct line *line, unsigned server, uint64_t since,
		  const char *reason, unsigned before);
void line_unanswered(struct line *line, unsigned server, const char *met,
		     unsigned sends, uint64_t since);
void line_retry(struct line *line);
void line_deregistered(struct line *line);
void line_unregistered(struct line *line);

/* own_side: what is seen of the phone itself */
bool line_is_own_fault(struct line *line);
void line_is_online(struct line *line);
void line_try_again(struct line *line);
void line_network_back(struct line *line);
bool line_network_changed(struct line *line, bool added);
bool line_woke(struct line *line);

/* action: what an account's policy has decided, done */
void line_decide(struct line *line, const struct decision *d);
void line_go_on(struct line *line);
void line_ask(struct line *line, unsigned server);
void line_start_timer(struct line *line);

/* config: an account line and the config file */
void config_open(void);
int  config_account(struct line *line);
bool config_param(const struct line *line, const char *name, struct pl *val);

/* report: what the user is told of */
void report_decision(const struct line *line, const struct decision *d);
void report_offline(const struct line *line);
void report_online(const struct line *line);
void report_call_moved(const struct line *line, struct call *call,
		       const char *peer, const char *old_id,
		       const char *new_id);
void report_call_failed(const struct line *line, const char *peer);
void report_bye_moved(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer);
void report_bye_failed(const struct line *line, const char *callid,
		       const char *peer);

/* status: how an account is */
int  status_table(struct re_printf *pf, const struct line *line);
int  status_json(struct re_printf *pf, const struct line *line);

/* command: what the user orders */
int  command_open(void);
void command_close(void);

/* There is one clock: clock_ms(). This one jumps, see clock.c. */
#pragma GCC poison tmr_jiffies

#endif
