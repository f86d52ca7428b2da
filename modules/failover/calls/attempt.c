/**
 * @file attempt.c  A request on its way through an account's servers
 *
 * This is common to INVITE, BYE and requests within a dialog: each server is
 * tried once, for the time that it is given; the last one gets 64*T1.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "clock.h"
#include "evidence.h"
#include "foreign.h"
#include "line.h"
#include "order.h"
#include "renumber.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "unread.h"


/**
 * Begin with no server tried
 *
 * @param att  Attempt
 * @param line Line
 * @param met  Method, a static text
 * @param h    Called when the present server's time is up
 * @param arg  Handler argument
 */
void attempt_init(struct attempt *att, struct line *line, const char *met,
		  timer_h *h, void *arg)
{
	memset(att, 0, sizeof(*att));

	att->line = line;
	att->met  = met;
	att->h    = h;
	att->arg  = arg;

	/* a round that fails later will just have asked all servers */
	att->urged = line->policy.state != POLICY_DOWN;
}


/* The time that the present server is given */
static uint64_t server_ms(const struct attempt *att)
{
	const bool invite = !strcmp(att->met, "INVITE");

	return attempt_is_last(att) ? TRANSACTION_MS :
		schedule_giveup_ms(&att->line->set, invite);
}


/* The account's round has come to its last server, whose REGISTER is given
   64*T1: there is no other one that the request could go to */
static bool is_held(const struct attempt *att)
{
	const struct policy *p = &att->line->policy;

	return att->server == p->target && order_is_last(p) &&
		policy_waits(p, WAIT_ANSWER);
}


static void await(struct attempt *att, uint64_t ms);


/* If the process stood still, the answer may still be in the socket */
static void due_handler(void *arg)
{
	struct attempt *att = arg;

	if (unread_wait(&att->unread_since, att->line, att->server,
			att->due))
		timer_start(&att->tmr, UNREAD_MS, due_handler, att);
	else if (clock_is_late(att->due))
		attempt_start(att, att->server);
	else if (is_held(att))
		await(att, server_ms(att));
	else
		att->h(att->arg);
}


static void await(struct attempt *att, uint64_t ms)
{
	att->due = clock_ms() + ms;
	timer_start(&att->tmr, ms, due_handler, att);
}


/**
 * The request is being sent to a server
 *
 * @param att    Attempt
 * @param server Server
 */
void attempt_start(struct attempt *att, unsigned server)
{
	if (server != att->server)
		att->refusals = 0;

	att->server = server;
	att->tried |= server_bit(server);
	att->since  = clock_ms();
	att->sends  = 0;

	await(att, server_ms(att));
}


/**
 * The present server needs watching again: it goes on at another address, in
 * what is left of its time
 *
 * @param att Attempt
 *
 * @return False if nothing is left
 */
bool attempt_resume(struct attempt *att)
{
	const uint64_t end = att->since + server_ms(att);
	const uint64_t now = clock_ms();

	if (now >= end)
		return false;

	await(att, end - now);

	return true;
}


/**
 * The present server needs no watching any more
 *
 * @param att Attempt
 */
void attempt_stop(struct attempt *att)
{
	timer_cancel(&att->tmr);
}


/**
 * The present server was not asked after all: it may be tried again
 *
 * @param att Attempt
 */
void attempt_forget(struct attempt *att)
{
	att->tried &= ~server_bit(att->server);
}


/**
 * Does the present server live, although its time is up?
 *
 * @param att Attempt
 *
 * @return True if it does: the request waits for the far end
 */
bool attempt_is_alive(const struct attempt *att)
{
	return evidence_is_far_end(att->line, att->server, att->met,
				   att->since);
}


/**
 * The present server has not answered: that is evidence, unless it was the
 * phone's own side. Then the server may be tried again.
 *
 * @param att Attempt
 *
 * @return What the report of it means for the request
 */
enum verdict attempt_unanswered(struct attempt *att)
{
	const enum verdict verdict =
		evidence_unanswered(att->line, att->server, att->met,
				    att->sends, att->since);

	if (verdict == VERDICT_VOID)
		attempt_forget(att);

	return verdict;
}


/**
 * The present server has answered that it is unavailable. With failover_fall
 * above 1 the account may stay, and then the server may be tried again. A
 * REGISTER that is answered with 200 meanwhile does not reset the count.
 *
 * @param att Attempt
 * @param msg Answer
 */
void attempt_refused(struct attempt *att, const struct sip_msg *msg)
{
	char reason[REASON_SIZE];

	foreign_answer(reason, sizeof(reason), att->met, msg->scode,
		    msg->reason.p, msg->reason.l);

	if (evidence_refused(att->line, att->server, att->since, reason,
			     att->refusals++) != VERDICT_MOVES)
		attempt_forget(att);
}


/**
 * Has the request been sent to this server?
 *
 * @param att    Attempt
 * @param server Server
 *
 * @return True if it has
 */
bool attempt_is_tried(const struct attempt *att, unsigned server)
{
	return att->tried & server_bit(server);
}


/**
 * May the request go to the server in use? That is one that it has not been
 * sent to, and the account is registered there, or in standby.
 *
 * @param att Attempt
 *
 * @return True if it may
 */
bool attempt_may_go(const struct attempt *att)
{
	const struct policy *p = &att->line->policy;

	return !attempt_is_tried(att, p->target) && (standby_is_ahead(p) ||
		(p->state == POLICY_SETTLED &&
		 !policy_waits(p, WAIT_ANSWER)));
}


/**
 * Is a registration under way, or to come, that the request may wait for? If
 * all servers were down when it was made, the user wants something now, and
 * another round begins.
 *
 * @param att Attempt
 *
 * @return True if one is
 */
bool attempt_may_wait(struct attempt *att)
{
	const struct policy *p = &att->line->policy;

	if (p->state == POLICY_DOWN && !att->urged) {
		att->urged = true;
		evidence_wanted_now(att->line);
	}

	return p->state == POLICY_MOVING || p->state == POLICY_OFFLINE ||
		policy_waits(p, WAIT_ANSWER);
}


/**
 * Is the present server the last one?
 *
 * @param att Attempt
 *
 * @return True if it is
 */
bool attempt_is_last(const struct attempt *att)
{
	for (unsigned i = PRIMARY; i <= att->line->serverc; i++) {
		if (!attempt_is_tried(att, i))
			return false;
	}

	return true;
}


/**
 * Do the settings list an answer as "server unavailable"?
 *
 * @param att Attempt
 * @param msg Answer
 *
 * @return True if they do
 */
bool attempt_is_listed(const struct attempt *att, const struct sip_msg *msg)
{
	return msg->scode >= 300 &&
		settings_has_code(&att->line->set.call_codes, msg->scode);
}


/**
 * Does an answer ask for credentials? Without a challenge it is a refusal.
 *
 * @param msg Answer
 *
 * @return True if it does
 */
bool attempt_is_challenge(const struct sip_msg *msg)
{
	return (msg->scode == 401 &&
		sip_msg_hdr(msg, SIP_HDR_WWW_AUTHENTICATE)) ||
		(msg->scode == 407 &&
		 sip_msg_hdr(msg, SIP_HDR_PROXY_AUTHENTICATE));
}


/**
 * Is it time to give up, at the moment of a retransmission? Our timer and
 * libre's run out together: see policy_resent().
 *
 * @param att Attempt
 *
 * @return True if it is
 */
bool attempt_is_due(const struct attempt *att)
{
	return timer_is_running(&att->tmr) && !clock_is_late(att->due) &&
		!is_held(att) && clock_ms() + TIMER_SLACK_MS >= att->due &&
		!unread_is(att->line, att->server);
}


/**
 * Was the socket that the request was sent from closed? Then no answer can
 * come, and the server may be tried again.
 *
 * @param att Attempt
 *
 * @return True if they have
 */
bool attempt_lost_socket(struct attempt *att)
{
	if (att->since >= att->line->sockets_since)
		return false;

	attempt_forget(att);

	return true;
}


/**
 * Has the account left the present server because it failed? Nothing was
 * sent yet where there is none. A server that had failed before is no longer
 * known to be down: it may be tried again, once the account is registered
 * there.
 *
 * @param att Attempt
 *
 * @return True if it has
 */
bool attempt_is_stranded(struct attempt *att)
{
	const struct policy *p = &att->line->policy;
	const struct policy_server *ps;

	if (!att->server)
		return false;

	ps = &p->serverv[att->server - 1];
	if (ps->health != HEALTH_DOWN ||
	    (p->target == att->server && p->state != POLICY_DOWN))
		return false;

	if (ps->since < att->since)
		attempt_forget(att);

	return true;
}


/**
 * The servers of a line have changed
 *
 * @param att Attempt
 * @param rn  Change
 *
 * @return False if the present server is gone: libre goes on by itself
 */
bool attempt_renumber(struct attempt *att, const struct renumber *rn)
{
	const unsigned before = att->server;

	att->server = renumber_to(rn, before);
	att->tried  = renumber_set(rn, att->tried);

	return att->server || !before;
}
