/**
 * @file line.h  An account: its servers, and what is known of them
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_LINE_H
#define FAILOVER_LINE_H

#include "compat.h"
#include "server.h"
#include "state.h"
#include "tally.h"
#include "timer.h"

/** A server that the user tests: ask.c */
struct asked {
	struct server server;
	bool pending;                /**< There is no answer yet             */
	bool answered;
	char *text;                  /**< Result, for the user               */
	int64_t time;                /**< ... and when [s since 1970]        */
	void (*h)(int err, const char *text, void *arg);/**< Gets the result */
	void *arg;
};

/** What a request of our own is for */
enum check_kind {
	CHECK_PROBE,                 /**< Is the primary back?               */
	CHECK_KEEPALIVE,             /**< Is the server in use there?        */
	CHECK_RENEWAL,               /**< Renew binding at server in use     */
	CHECK_STANDBY,               /**< A second registration              */
	CHECK_UNBIND,                /**< ... is taken back                  */
	CHECKS,
};

/** A request of our own: one of a kind at a time */
struct check {
	struct request *req;         /**< NULL: none is under way            */
	struct line *line;
	unsigned server;             /**< Where it was sent                  */
	uint64_t since;              /**< ... and when [ms]                  */
	unsigned deregs;             /**< De-registrations ended before      */
};

/** One account: its servers, what is known of them, what must be done */
struct line {
	struct le le;
	struct le le_ua;             /**< By its user agent                  */
	struct le le_cuser;          /**< By the user part of its Contact    */
	struct le le_user;           /**< By that of its address             */
	struct le le_callid;         /**< By the Call-ID of its REGISTERs    */
	struct ua *ua;               /**< Not referenced: accounts_scan()    */
	struct account *acc;
	char *unmanaged;             /**< Why it is left alone, or NULL      */

	struct settings set;
	struct server *serverv;      /**< Its servers                        */
	unsigned serverc;
	unsigned serverm;            /**< Room for so many                   */
	struct name *namev[MAX_SERVERS];/**< Looked up in DNS                */
	unsigned namec;
	bool present;                /**< Its user agent is: accounts_scan() */
	bool pending;                /**< Unmanaged until DNS answers        */
	bool unregistered;           /**< ... and not registered             */
	bool leaving;                /**< Managed until it has no standby    */
	struct policy policy;

	struct list txnl;            /**< Its client transactions: txn.c     */
	struct list watchl;          /**< Its connections: watch.c           */
	struct decision todo;        /**< Decided, not done yet              */
	bool drop_requests;          /**< ... and our requests are ended     */
	struct timer tmr_todo;
	struct timer alarm;          /**< The policy wants to know the time  */
	uint64_t unread_since;       /**< ... after libre has read [ms]      */

	unsigned client;             /**< Server that Baresip's own client
					  registers with, 0: none            */
	bool registering;            /**< We start or stop that client       */
	bool stop_client;            /**< Stop it, and start no other        */
	struct grant grant;          /**< From the latest 2xx to it          */
	uint32_t rwait;              /**< It refreshes after this part [%]   */
	uint32_t asked_s;            /**< Expiry that it requests [s]        */
	unsigned unsent;             /**< REGISTERs not sent, in a row       */
	char *callid;                /**< Of Baresip's REGISTERs             */
	char *contact_sent;          /**< Value of Baresip's Contact         */
	char *contact_params;        /**< Its parameters but expires         */
	struct list contactl;        /**< Registered; the first is used      */
	char *stale_contact;         /**< Binding to be removed, or NULL     */
	struct check checkv[CHECKS]; /**< Requests of our own                */
	bool told_offline;           /**< User was told: report_offline()    */
	uint64_t network_since;      /**< Start of network, 0: none [ms]     */
	uint64_t sockets_since;      /**< SIP sockets reopened [ms]          */
	struct timer tmr_again;      /**< Register anew                      */
	unsigned presence_server;    /**< Server for presence                */
	enum presence_status presence; /**< To publish there                 */
	struct timer tmr_follow;
	unsigned calls_moved;
	unsigned byes_moved;
	unsigned requests_moved;
	struct tally tally;          /**< Counted for /metrics               */
	struct list historyl;        /**< Its events: history.c              */
	struct asked *asked;         /**< By failover_test, NULL: never      */
	struct probe *probev[MAX_SERVERS];/**< TCP probes under way        */
	struct lookup *lookupv[MAX_SERVERS];/**< Of names, under way         */
};


/* Lines */
struct list *line_list(void);
void line_add(struct line *line);
void line_remove(struct line *line);
const char *line_aor(const struct line *line);
const char *line_name(const struct line *line);
int line_auth_handler(char **username, char **password, const char *realm,
		      void *arg);

/* The servers of a line */
int  line_make_room(struct line *line, unsigned n);
void line_drop_servers(struct line *line);
const struct server *line_server(const struct line *line, unsigned server);
unsigned line_server_of(struct line *line, unsigned guess,
			const struct pl *route, enum sip_transp tp,
			const struct sa *dst);
struct pl line_text(const struct line *line);
bool line_keeps_contact(const struct line *line, enum sip_transp tp,
			const struct sa *dst);

#endif
