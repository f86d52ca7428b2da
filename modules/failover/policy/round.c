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
#include "order.h"
#include "register.h"
#include "round.h"
#include "schedule.h"
#include "state.h"
#include "wait.h"


/* The one that the account is registered with already, or next in line */
static unsigned next_server(const struct policy *p, uint64_t now)
{
	const unsigned server = p->standby;

	if (server && !(p->tried & server_bit(server)) &&
	    !order_leaves_alone(p, server, now))
		return server;

	return order_untried(p, now);
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
	first = order_untried(p, now);

	register_try(p, first ? first : PRIMARY, now);
}


/* No round before there is a server that may be asked */
static void wait_for_leave(struct policy *p)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (state_server(p, i)->retry_after < first)
			first = state_server(p, i)->retry_after;
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
		register_try(p, next, now);
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
