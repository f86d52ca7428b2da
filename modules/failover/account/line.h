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

struct glance;

/** A server that the user has asked about: ask.c */
struct asked {
	struct server server;        /**< Its URI is NULL: none was          */
	bool pending;                /**< There is no answer yet             */
	bool answered;
	char *text;                  /**< What has become of it, for the user*/
	int64_t time;                /**< ... and when [s since 1970]        */
	void (*h)(int err, const char *text, void *arg);/**< Waits for it    */
	void *arg;
};

/** What a request of our own is for */
enum check_kind {
	CHECK_PROBE,                 /**< Is the primary back?               */
	CHECK_KEEPALIVE,             /**< Is the server in use there?        */
	CHECK_RENEWAL,               /**< The binding at the server in use   */
	CHECK_STANDBY,               /**< A second registration              */
	CHECKS,
};

/** A request of our own: one of a kind at a time */
struct check {
	struct request *req;         /**< NULL: none is under way            */
	struct line *line;
	unsigned server;             /**< Where it went                      */
	uint64_t since;              /**< ... and when [ms]                  */
	unsigned deregs;             /**< De-registrations ended by then     */
};

/** One account: its servers, what is known of them, what is to be done */
struct line {
	struct le le;
	struct le le_ua;             /**< By its user agent                  */
	struct le le_cuser;          /**< By the user part of its Contact    */
	struct le le_user;           /**< By that of its address             */
	struct ua *ua;               /**< Not referenced: accounts_scan()    */
	struct account *acc;
	char *unmanaged;             /**< Why it is left alone, or NULL      */

	struct settings set;
	struct server serverv[MAX_SERVERS];
	unsigned serverc;
	struct name *namev[MAX_SERVERS];/**< That DNS is asked for           */
	unsigned namec;
	bool pending;                /**< Unmanaged until DNS has answered   */
	bool unregistered;           /**< ... and not to be registered       */
	struct policy policy;

	struct list txnl;            /**< Its client transactions: txn.c     */
	struct decision todo;        /**< Decided, not done yet              */
	bool drop_requests;          /**< ... and our requests are void      */
	struct tmr tmr_todo;
	struct tmr tmr_policy;

	unsigned client;             /**< Server that Baresip's own client
					  registers with, 0: none            */
	bool registering;            /**< We are ordering it about           */
	bool stop_client;            /**< ... is to end, none is to follow   */
	struct grant grant;          /**< Of the latest answer to it         */
	uint32_t rwait;              /**< Part of a time that it waits [%]   */
	uint32_t asked_s;            /**< Expiry that it asks for [s]        */
	unsigned unsent;             /**< REGISTERs not sent, in a row       */
	char *contact_sent;          /**< By Baresip: value of its Contact   */
	char *contact_params;        /**< Of Baresip's Contact, no expires   */
	struct list contactl;        /**< Registered; in use: the first      */
	char *stale_contact;         /**< Binding to be removed, or NULL     */
	struct check checkv[CHECKS]; /**< Requests of our own                */
	bool told_offline;           /**< The user knows: report_offline()   */
	uint64_t network_since;      /**< The network came then, 0: not [ms] */
	uint64_t sockets_since;      /**< SIP sockets opened anew then [ms]  */
	struct tmr tmr_again;        /**< Register anew                      */
	unsigned presence_server;    /**< Presence goes through that one     */
	enum presence_status presence; /**< To be published there            */
	struct tmr tmr_follow;
	unsigned calls_moved;
	unsigned byes_moved;
	unsigned requests_moved;
	struct tally tally;          /**< Counted for /metrics               */
	struct list historyl;        /**< Its changes: history.c             */
	struct asked asked;          /**< By failover_test                   */
	struct probe *probev[MAX_SERVERS];/**< TCP connections that ask    */
	struct lookup *lookupv[MAX_SERVERS];/**< Of names, under way         */
};


/* Lines */
struct list *line_list(void);
struct line *line_find(const struct ua *ua);
struct line *line_find_called(const struct sip_msg *msg);
struct line *line_find_sent(const struct glance *g);
struct line *line_find_answered(const struct sip_msg *msg);
void line_add(struct line *line);
void line_remove(struct line *line);
const char *line_aor(const struct line *line);
const char *line_name(const struct line *line);
int line_auth_handler(char **username, char **password, const char *realm,
		      void *arg);

/* Its servers */
const struct server *line_server(const struct line *line, unsigned server);
unsigned line_server_of(struct line *line, unsigned guess,
			const struct pl *route, enum sip_transp tp,
			const struct sa *dst);
bool line_keeps_contact(const struct line *line, enum sip_transp tp,
			const struct sa *dst);

#endif
