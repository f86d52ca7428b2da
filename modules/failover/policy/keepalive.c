/**
 * @file keepalive.c  OPTIONS to the server in use, from time to time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "keepalive.h"
#include "state.h"
#include "wait.h"


/**
 * The next OPTIONS is sent after failover_keepalive
 *
 * @param p   Policy, settled
 * @param now Time [ms]
 */
void keepalive_schedule(struct policy *p, uint64_t now)
{
	const uint64_t s = p->set->keepalive_s;

	if (s)
		wait_arm(p, WAIT_KEEPALIVE, now + s * 1000);
	else
		wait_cancel(p, WAIT_KEEPALIVE);
}


/**
 * It is time to send an OPTIONS
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number, not used
 * @param d   Decision
 */
void keepalive_due(struct policy *p, uint64_t now, uint32_t rnd,
		   struct decision *d)
{
	(void)rnd;

	keepalive_schedule(p, now);
	d->keepalive = true;
}


/**
 * The OPTIONS has been answered: the count of failures starts again
 *
 * @param p      Policy
 * @param server Server that answered
 */
void keepalive_answered(struct policy *p, unsigned server)
{
	if (server == p->target && p->state == POLICY_SETTLED &&
	    !policy_waits(p, WAIT_ANSWER))
		p->failures = 0;
}
