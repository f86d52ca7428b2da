/**
 * @file wait.c  All times that the policy waits for
 *
 * This list holds every time. A table tells what each state may wait for. Any
 * other time is not armed, and is cancelled when the state is entered.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "order.h"
#include "wait.h"


#define BIT(wait) (1u << (wait))

static const unsigned allowedv[] = {
	[POLICY_IDLE]    = 0,
	[POLICY_MOVING]  = BIT(WAIT_ANSWER),
	[POLICY_SETTLED] = BIT(WAIT_ANSWER) | BIT(WAIT_FLOW) |
			   BIT(WAIT_REFRESH) | BIT(WAIT_CHECK) |
			   BIT(WAIT_STANDBY) | BIT(WAIT_KEEPALIVE),
	[POLICY_DOWN]    = BIT(WAIT_ROUND),
	[POLICY_OFFLINE] = BIT(WAIT_ROUND),
};


/**
 * Wait until a time; ignored if the state may not wait for this
 *
 * @param p    Policy
 * @param wait What is waited for
 * @param when Time, not 0 [ms]
 */
void wait_arm(struct policy *p, enum wait wait, uint64_t when)
{
	if (allowedv[p->state] & BIT(wait))
		p->waitv[wait] = when;
}


/**
 * Cancel a wait
 *
 * @param p    Policy
 * @param wait What was waited for
 */
void wait_cancel(struct policy *p, enum wait wait)
{
	p->waitv[wait] = 0;
}


/**
 * A state is entered: cancel what it may not wait for
 *
 * @param p Policy
 */
void wait_keep_allowed(struct policy *p)
{
	for (enum wait wait = 0; wait < WAITS; wait++) {
		if (!(allowedv[p->state] & BIT(wait)))
			wait_cancel(p, wait);
	}
}


/* Only WAIT_ANSWER depends on settings and servers that may change
   meanwhile */
static uint64_t due(const struct policy *p, enum wait wait)
{
	if (!p->waitv[wait])
		return UINT64_MAX;

	return wait == WAIT_ANSWER ? order_deadline(p) : p->waitv[wait];
}


/**
 * If a time has come, remove it from the list
 *
 * @param p    Policy
 * @param wait What is waited for
 * @param now  Time [ms]
 *
 * @return True if it has come
 */
bool wait_take(struct policy *p, enum wait wait, uint64_t now)
{
	if (now < due(p, wait))
		return false;

	wait_cancel(p, wait);

	return true;
}


/**
 * The earliest of all times
 *
 * @param p Policy
 *
 * @return Time [ms], UINT64_MAX if nothing is waited for
 */
uint64_t wait_first(const struct policy *p)
{
	uint64_t first = UINT64_MAX;

	for (enum wait wait = 0; wait < WAITS; wait++) {
		const uint64_t when = due(p, wait);

		if (when < first)
			first = when;
	}

	return first;
}
