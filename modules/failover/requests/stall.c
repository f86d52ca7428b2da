/**
 * @file stall.c  Connections over which a request was not answered in time
 *
 * libre uses a connection to a server while it is there. One that is dead is
 * ended at once. One whose peer acknowledges may have stalled all the same: a
 * Content-Length that is too large makes libre wait for the rest of an answer,
 * and swallow all that follow. If a request over it was not answered in its
 * time, and nothing at all has been received over it since that request was
 * sent, it is ended, in order, before the next request to that server. Until
 * then a late answer is heard: it may list a binding that nobody needs.
 *
 * Accounts share connections. Nobody's call, no request that still waits for
 * its answer and no account that is registered over it is to suffer: then the
 * connection stays, until the next request that is not answered.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "connection.h"
#include "line.h"
#include "schedule.h"
#include "stall.h"
#include "txn.h"


enum {
	MAX_PEERS = 16,              /**< More are not kept in mind          */
	SLACK_MS  = 20,              /**< Its timer and libre's, or ours     */
};

static struct {
	struct sa peer;
	uint64_t heard;              /**< Last message from there [ms]       */
} peerv[MAX_PEERS];


/**
 * A message has been received
 *
 * @param tp   Transport
 * @param peer Where from
 */
void stall_heard(enum sip_transp tp, const struct sa *peer)
{
	size_t oldest = 0;

	if (tp == SIP_TRANSP_UDP)
		return;

	for (size_t i = 0; i < MAX_PEERS; i++) {

		if (sa_cmp(&peerv[i].peer, peer, SA_ALL)) {
			oldest = i;
			break;
		}

		if (peerv[i].heard < peerv[oldest].heard)
			oldest = i;
	}

	peerv[oldest].peer  = *peer;
	peerv[oldest].heard = clock_ms();
}


static bool is_heard_since(const struct sa *peer, uint64_t since)
{
	for (size_t i = 0; i < MAX_PEERS; i++) {
		if (sa_cmp(&peerv[i].peer, peer, SA_ALL))
			return peerv[i].heard >= since;
	}

	return false;
}


static bool is_overdue(const struct txn *txn)
{
	return clock_ms() + SLACK_MS >= txn->since +
		schedule_giveup_ms(&txn->line->set, false);
}


/* Was one of the line's requests over it not answered in its time? The last
   one of those tells since when nothing has come; 0 if there is none. */
static uint64_t stalled_since(const struct line *line, unsigned server,
			      const struct sa *dst)
{
	uint64_t since = 0;
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->server == server &&
		    txn->tp != SIP_TRANSP_UDP && !txn->answered &&
		    sa_cmp(&txn->dst, dst, SA_ALL) && is_overdue(txn) &&
		    !is_heard_since(dst, txn->since))
			since = MAX(since, txn->since);
	}

	return since;
}


/* A call that was given up may still be answered, and has to be told then */
static bool is_waited_for(const struct sa *dst)
{
	struct le *le;

	for (le = list_head(txn_list()); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->tp != SIP_TRANSP_UDP &&
		    sa_cmp(&txn->dst, dst, SA_ALL) &&
		    (txn->kind == KIND_INVITE ||
		     (!txn->answered && !is_overdue(txn))))
			return true;
	}

	return false;
}


static bool has_call(const struct line *line, const struct sa *dst)
{
	for (unsigned i = 0; i < line->serverc; i++) {
		if (sa_cmp(&line->serverv[i].addr, dst, SA_ALL))
			return !list_isempty(ua_calls(line->ua));
	}

	return false;
}


static bool is_registered(const struct line *line, const struct sa *dst)
{
	const struct policy *p = &line->policy;

	return p->serverv[p->target - 1].registered &&
		sa_cmp(&line_server(line, p->target)->addr, dst, SA_ALL);
}


static bool is_used(const struct line *but, const struct sa *dst)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		const struct line *line = le->data;

		if (line->unmanaged)
			continue;

		if (has_call(line, dst) ||
		    (line != but && is_registered(line, dst)))
			return true;
	}

	return false;
}


/* Those that are dead, so that they are not used again. Where a name leads to
   is seen with the first request sent, or has been looked up. */
static void end_dead(const struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);

	/* half of the time: its timers and the kernel's are not ours */
	const uint64_t ms = schedule_giveup_ms(&line->set, false) / 2;

	if (sa_isset(&srv->addr, SA_ALL))
		connection_end_dead(&srv->addr, server_transp(srv), ms);

	for (size_t i = 0; i < srv->targetc; i++)
		connection_end_dead(&srv->targetv[i].addr, server_transp(srv),
				    ms);
}


/**
 * A server is given up, or a request to it: the next one is not to go over the
 * same connection
 *
 * @param line   Line
 * @param server Server
 */
void stall_end(struct line *line, unsigned server)
{
	struct server *srv = &line->serverv[server - 1];
	uint64_t since;

	end_dead(line, server);

	since = sa_isset(&srv->addr, SA_ALL) ?
		stalled_since(line, server, &srv->addr) : 0;
	if (since)
		srv->stalled = since;
}


/**
 * A request is about to be sent to a server: end its connection if that has
 * stalled
 *
 * @param line   Line
 * @param server Server
 *
 * @return True if one was ended; libre hears of it when it next looks at its
 *         sockets
 */
bool stall_leave(struct line *line, unsigned server)
{
	struct server *srv = &line->serverv[server - 1];
	const struct sa *dst = &srv->addr;

	if (!srv->stalled)
		return false;

	if (is_heard_since(dst, srv->stalled)) {
		srv->stalled = 0;
		return false;
	}

	if (is_waited_for(dst) || is_used(line, dst))
		return false;

	srv->stalled = 0;
	connection_end(dst);

	return true;
}


/**
 * Baresip is about to close all connections, and what was not answered is sent
 * anew. A request that waits in an old connection is not to arrive as well:
 * its answer would be lost, and a server takes the new one for the same.
 */
void stall_drop_all(void)
{
	struct le *le;

	for (le = list_head(txn_list()); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->tp != SIP_TRANSP_UDP && !txn->answered)
			connection_drop(&txn->dst);
	}

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		for (unsigned i = 0; i < line->serverc; i++)
			line->serverv[i].stalled = 0;
	}
}
