/**
 * @file plans.c  What happens to the fleets that we look at
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "plans.h"
#include "settings.h"


static struct plan defaults(unsigned phones, unsigned jitter)
{
	struct plan plan = { .phones = phones };

	settings_init(&plan.set);
	plan.set.failback_jitter = jitter;

	return plan;
}


/**
 * The power is back: all phones register within a second. The primary is not
 * there yet, and comes before they look for it the first time.
 *
 * @param phones Number of phones
 * @param jitter Of the failback [%]
 *
 * @return Plan
 */
struct plan plan_power_cut(unsigned phones, unsigned jitter)
{
	struct plan plan = defaults(phones, jitter);

	plan.seconds  = 6000;
	plan.start_ms = 1000;
	plan.alive_s[PRIMARY - 1] = BACK_AFTER_S;

	return plan;
}


/**
 * The same with servers that can do only so much
 *
 * @param phones   Number of phones
 * @param jitter   Of the failback [%]
 * @param capacity REGISTERs that each of them answers in a second
 *
 * @return Plan
 */
struct plan plan_overload(unsigned phones, unsigned jitter, uint32_t capacity)
{
	struct plan plan = plan_power_cut(phones, jitter);

	plan.capacity = capacity;
	plan.seconds  = 24 * 3600;

	return plan;
}


/* Phones that were switched on at any time; DEAD_FROM_S is after all of them
   have registered */
static struct plan at_any_time(unsigned phones, unsigned jitter,
			       uint32_t alive_s)
{
	struct plan plan = defaults(phones, jitter);

	plan.start_ms = REFRESH_S * 1000;
	plan.dead_s[PRIMARY - 1]  = DEAD_FROM_S;
	plan.alive_s[PRIMARY - 1] = alive_s;

	return plan;
}


/**
 * The primary falls silent and returns; the phones notice within a minute
 *
 * @param phones Number of phones
 * @param jitter Of the failback [%]
 *
 * @return Plan
 */
struct plan plan_keepalive(unsigned phones, unsigned jitter)
{
	struct plan plan = at_any_time(phones, jitter,
				       DEAD_FROM_S + BACK_AFTER_S);

	plan.set.keepalive_s = 60;
	plan.seconds = DEAD_FROM_S + 6000;

	return plan;
}


/**
 * The primary falls silent and returns when the last phone has noticed, by
 * its refresh
 *
 * @param phones Number of phones
 * @param jitter Of the failback [%]
 *
 * @return Plan
 */
struct plan plan_refresh(unsigned phones, unsigned jitter)
{
	struct plan plan = at_any_time(phones, jitter,
				       DEAD_FROM_S + EXPIRES_S);

	plan.seconds = DEAD_FROM_S + 3 * EXPIRES_S;

	return plan;
}


/**
 * Both servers are silent when the power is back, and return together when
 * every phone has failed in four rounds at least
 *
 * @param phones Number of phones
 * @param alike  True: no randomness in the waits
 *
 * @return Plan
 */
struct plan plan_all_dead(unsigned phones, bool alike)
{
	struct plan plan = plan_power_cut(phones, alike ? 0 : 10);

	plan.alike   = alike;
	plan.seconds = 3000;
	plan.alive_s[PRIMARY - 1] = ALL_BACK_S;
	plan.alive_s[BACKUP - 1]  = ALL_BACK_S;

	return plan;
}


/**
 * The primary restarts: all connections to it end in the same instant, and it
 * takes new ones at once
 *
 * @param phones Number of phones
 * @param alike  True: all wait for the same time
 *
 * @return Plan
 */
struct plan plan_restart(unsigned phones, bool alike)
{
	struct plan plan = at_any_time(phones, 0, 0);

	plan.alike   = alike;
	plan.cut_s   = DEAD_FROM_S;
	plan.seconds = DEAD_FROM_S + 2 * EXPIRES_S;
	plan.dead_s[PRIMARY - 1] = plan.seconds;

	return plan;
}
