/**
 * @file round.c  One server after the other
 *
 * A round tries the servers in the order of the account line, but the standby
 * first. The last one left is given 64*T1: primary-backup-spec.txt section
 * 2.2.4. When all have failed, the wait for the next round is that of RFC 5626
 * section 4.5.
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


/* The standby, where the account is registered already, or the next one */
static unsigned next_server(const struct policy *p, uint64_t now)
{
	const unsigned server = p->standby;

	if (server && !(p->tried & server_bit(server)) &&
	    !order_leaves_alone(p, server, now))
		return server;

	return order_untried(p, now);
}


/**
 * Begin a round with the first server that may be asked. If none may, ask the
 * primary all the same.
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


/* Delay the next round until a server may be asked */
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
 * The target is given up: try the next one, or tell that none is left
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
