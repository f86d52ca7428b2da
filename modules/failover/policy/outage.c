/**
 * @file outage.c  The phone's own side: no network, another address, asleep
 *
 * These tell nothing of a server. While the phone has no network, no server is
 * judged. Afterwards, earlier evidence is out of date. The account is
 * registered anew, first with the server that was in use.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "outage.h"
#include "register.h"
#include "round.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "wait.h"


/**
 * The phone has no route to any server
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 */
void outage_begin(struct policy *p, uint64_t now, uint32_t rnd)
{
	if (p->state == POLICY_IDLE || p->state == POLICY_OFFLINE)
		return;

	if (p->state == POLICY_SETTLED)
		p->home = p->target;

	policy_enter(p, POLICY_OFFLINE);

	/* the check of the network may be wrong: try from time to time */
	++p->failed_rounds;
	wait_arm(p, WAIT_ROUND,
		 now + schedule_round_ms(p->failed_rounds, rnd));
}


/**
 * Go on after an outage with the server that was in use before it, or else
 * with a new round. A new network may not reach every server yet. So the first
 * check of the primary does not wait.
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void outage_resume(struct policy *p, uint64_t now)
{
	const unsigned home = p->home;

	if (home && !state_in_maintenance(p, home)) {
		p->tried = 0;
		register_try(p, home, now);
	}
	else
		round_begin(p, now);

	p->check_at_once = true;
}


/**
 * The next round is due
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number, not used
 * @param d   Decision
 */
void outage_round_due(struct policy *p, uint64_t now, uint32_t rnd,
		      struct decision *d)
{
	(void)rnd;

	if (p->state == POLICY_OFFLINE)
		outage_resume(p, now);
	else
		round_begin(p, now);

	d->register_with = p->target;
	d->look_up       = true;
}


/* Earlier evidence is out of date, and the binding may be gone */
static void begin_anew(struct policy *p, uint64_t now, struct decision *d)
{
	if (p->state == POLICY_IDLE)
		return;

	p->valid_since   = now;
	p->failed_rounds = 0;
	p->probing       = 0;

	if (p->state == POLICY_SETTLED) {
		register_again(p, now);
		p->failures = 0;
		p->check_at_once = true;
		wait_cancel(p, WAIT_CHECK);
		standby_begin(p);
	}
	else
		outage_resume(p, now);

	d->register_with = p->target;
	d->look_up       = true;
}


/**
 * The phone has a network again, or another address
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param d   Decision
 */
void outage_end(struct policy *p, uint64_t now, struct decision *d)
{
	begin_anew(p, now, d);
}


/**
 * Earlier evidence is out of date for another reason: the phone has slept, or
 * its timers were served late
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param d   Decision
 */
void outage_woke(struct policy *p, uint64_t now, struct decision *d)
{
	/* outage_end() does this when there is a network */
	if (p->state != POLICY_OFFLINE)
		begin_anew(p, now, d);
}


/**
 * Baresip could not send its REGISTER, for example for lack of memory. That
 * tells nothing of the server. Try the same one again.
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param d   Decision
 */
void outage_retry(struct policy *p, uint64_t now, struct decision *d)
{
	if (state_is_at_rest(p))
		return;

	register_again(p, now);
	d->register_with = p->target;
}
