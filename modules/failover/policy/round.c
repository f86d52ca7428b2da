/**
 * @file round.c  One server after the other
 *
 * A round goes through the servers in the order of the account line, first
 * the one that stands by. The last one left is given 64*T1, as
 * primary-backup-spec.txt section 2.2.4 asks. When all have failed, the next
 * round waits as RFC 5626 section 4.5 has it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "policy_parts.h"
#include "schedule.h"


enum {
	RETRY_MAX_S = 3600,          /**< A server is not left alone longer  */
};


/**
 * Has a server asked not to be sent anything? RFC 3261 section 21.5.4
 *
 * @param p      Policy
 * @param server Server
 * @param now    Time [ms]
 *
 * @return True if it has, and the time is not over
 */
bool round_leaves_alone(const struct policy *p, unsigned server,
			uint64_t now)
{
	return now < p->serverv[server - 1].retry_after;
}


/* First server that this round has not tried, 0 if none is left */
static unsigned untried(const struct policy *p, uint64_t now)
{
	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (!(p->tried & server_bit(i)) &&
		    !round_leaves_alone(p, i, now))
			return i;
	}

	return 0;
}


/* The one that the account is registered with already, or next in line */
static unsigned next_server(const struct policy *p, uint64_t now)
{
	const unsigned server = p->standby;

	if (server && !(p->tried & server_bit(server)) &&
	    !round_leaves_alone(p, server, now))
		return server;

	return untried(p, now);
}


/**
 * Is the server that is being tried the last one left?
 *
 * @param p Policy
 *
 * @return True if it is
 */
bool round_is_last(const struct policy *p)
{
	return p->state == POLICY_MOVING && !untried(p, p->pending_since);
}


/**
 * Begin a round with the first server that may be asked; if none may,
 * somebody wants it all the same
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void round_begin(struct policy *p, uint64_t now)
{
	unsigned first;

	p->tried = 0;
	first = untried(p, now);

	policy_try(p, first ? first : PRIMARY, now);
}


/* No round before there is a server that may be asked */
static void wait_for_leave(struct policy *p)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (policy_server(p, i)->retry_after < first)
			first = policy_server(p, i)->retry_after;
	}

	if (p->waitv[WAIT_ROUND] < first)
		wait_arm(p, WAIT_ROUND, first);
}


/**
 * The target is given up: on to the next, or tell that none is left
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void round_next(struct policy *p, uint64_t now, uint32_t rnd,
		struct decision *d)
{
	const unsigned next = next_server(p, now);

	p->home = 0;
	d->from = p->target;
	d->to   = next;

	if (next) {
		++p->counters.failovers;
		d->tell = TELL_SWITCH;
		d->register_with = next;
		policy_try(p, next, now);
		return;
	}

	++p->counters.exhausted;
	++p->failed_rounds;
	d->tell = TELL_EXHAUSTED;
	policy_enter(p, POLICY_DOWN);
	wait_arm(p, WAIT_ROUND,
		 now + schedule_round_ms(p->failed_rounds, rnd));
	wait_for_leave(p);
}


/**
 * The next round is due
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number, not used
 * @param d   Decision
 */
void round_due(struct policy *p, uint64_t now, uint32_t rnd,
	       struct decision *d)
{
	(void)rnd;

	if (p->state == POLICY_OFFLINE)
		outage_resume(p, now);
	else
		round_begin(p, now);

	d->register_with = p->target;
}


/**
 * A server has said when to come again (503 with Retry-After, RFC 3261
 * section 21.5.4). Rounds and checks leave it alone for that long.
 *
 * @param p      Policy
 * @param server Server
 * @param s      Time [s]; more than an hour is taken for an hour
 * @param now    Time [ms]
 */
void round_retry_after(struct policy *p, unsigned server, uint32_t s,
		       uint64_t now)
{
	if (s > RETRY_MAX_S)
		s = RETRY_MAX_S;

	policy_server(p, server)->retry_after = now + (uint64_t)s * 1000;
	failback_put_off(p);
}
