/**
 * @file stranded.c  Calls whose server accepts no connection
 *
 * Over TCP and TLS libre sends a request within a call over its connection to
 * the call's server. If there is none it opens one, and the request waits for
 * that where nobody sees it, so it cannot go through another server
 * (docs/libre.md). If the connection is refused, the request fails, and libre
 * tells nobody. So the user is told beforehand, once for each call.
 *
 * If the connection hangs, the request times out, and libre ends the call for
 * that. So what hangs is ended first: the request fails, and the call goes on.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "connection.h"
#include "dialog.h"
#include "dialog_call.h"
#include "line.h"
#include "pending.h"
#include "report.h"
#include "schedule.h"
#include "stranded.h"
#include "timer.h"


enum {
	LOOK_MS = 1000,              /**< Between two looks                  */
	HANG_MS = TRANSACTION_MS / 2,/**< Far from libre's time-out          */
};

/** A server that is down, and that calls of an account were set up through */
struct stranded {
	struct le le;
	struct line *line;
	unsigned server;
	struct sa addr;
	enum sip_transp tp;
	struct tcp_conn *tc;         /**< Of our own: does it accept any?    */
	bool refuses;
	bool told;
	uint64_t pending_since;      /**< A connection hangs, 0: none [ms]   */
	struct timer tmr;
};

static struct list strandedl;


static void destructor(void *arg)
{
	struct stranded *s = arg;

	list_unlink(&s->le);
	timer_cancel(&s->tmr);
	mem_deref(s->tc);
}


static struct stranded *find(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&strandedl); le; le = le->next) {

		struct stranded *s = le->data;

		if (s->line == line && s->server == server)
			return s;
	}

	return NULL;
}


static bool is_through(const struct call *call, unsigned server)
{
	const struct dialog *dlg = call_id(call) ?
		dialog_call_find(call_id(call), call) : NULL;

	return dlg && dlg->server == server;
}


static bool has_calls(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(ua_calls(line->ua)); le; le = le->next) {
		if (is_through(le->data, server))
			return true;
	}

	return false;
}


static bool is_stranded(const struct line *line, unsigned server)
{
	return line->policy.serverv[server - 1].health == HEALTH_DOWN &&
		has_calls(line, server);
}


/* While a connection is there, requests are seen, and go on elsewhere */
static void tell(struct stranded *s)
{
	struct le *le;

	if (!s->refuses || s->told ||
	    connection_state(&s->addr) != CONNECTION_NONE)
		return;

	s->told = true;

	for (le = list_head(ua_calls(s->line->ua)); le; le = le->next) {
		if (is_through(le->data, s->server))
			report_call_stranded(s->line, s->server, le->data);
	}
}


static void estab_handler(void *arg)
{
	struct stranded *s = arg;

	s->tc = mem_deref(s->tc);
}


static void close_handler(int err, void *arg)
{
	struct stranded *s = arg;

	s->tc = mem_deref(s->tc);
	s->refuses = err == ECONNREFUSED || err == EHOSTUNREACH ||
		err == ECONNRESET;
	tell(s);
}


/* Connections to it that hang: being opened, or in the TLS handshake */
static void end_hanging(struct stranded *s)
{
	const uint64_t now = clock_ms();
	const uint64_t ms = MIN(schedule_giveup_ms(&s->line->set, false),
				(uint64_t)HANG_MS);

	if (connection_end_handshake(&s->addr, s->tp, ms))
		s->refuses = true;

	if (!pending_is_there(&s->addr))
		s->pending_since = 0;
	else if (!s->pending_since)
		s->pending_since = now;
	else if (now - s->pending_since >= ms)
		pending_end(&s->addr);
}


static void look_handler(void *arg)
{
	struct stranded *s = arg;

	if (!is_stranded(s->line, s->server)) {
		mem_deref(s);
		return;
	}

	end_hanging(s);
	tell(s);
	timer_start(&s->tmr, LOOK_MS, look_handler, s);
}


static void begin(struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);
	struct stranded *s;

	if (server_transp(srv) == SIP_TRANSP_UDP ||
	    !sa_isset(&srv->addr, SA_ALL))
		return;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return;

	list_append(&strandedl, &s->le, s);
	s->line   = line;
	s->server = server;
	s->addr   = srv->addr;
	s->tp     = server_transp(srv);

	(void)tcp_connect(&s->tc, &s->addr, estab_handler, NULL,
			  close_handler, s);
	timer_start(&s->tmr, LOOK_MS, look_handler, s);
}


/**
 * An account's policy has decided: look after the calls that were set up
 * through servers that are down
 *
 * @param line Line
 */
void stranded_run(struct line *line)
{
	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (is_stranded(line, i) && !find(line, i))
			begin(line, i);
	}
}


/**
 * Let go of the calls of a line, or of the numbers of its servers
 *
 * @param line Line
 */
void stranded_forget(const struct line *line)
{
	struct le *le = list_head(&strandedl);

	while (le) {

		struct stranded *s = le->data;

		le = le->next;

		if (s->line == line)
			mem_deref(s);
	}
}
