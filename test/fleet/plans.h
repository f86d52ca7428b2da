/**
 * @file plans.h  What happens to the fleets that we look at
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef PLANS_H
#define PLANS_H

#include "fleet.h"

enum {
	DEAD_FROM_S  = 3600,         /**< plan_evening(): the primary dies   */
	BACK_AFTER_S = 1200,         /**< It is silent for this long         */
	ALL_BACK_S   = 900,          /**< plan_all_dead(): both are back     */
};

struct plan plan_power_cut(unsigned phones, unsigned jitter);
struct plan plan_overload(unsigned phones, unsigned jitter,
			  uint32_t capacity);
struct plan plan_keepalive(unsigned phones, unsigned jitter);
struct plan plan_refresh(unsigned phones, unsigned jitter);
struct plan plan_all_dead(unsigned phones, bool alike);
struct plan plan_restart(unsigned phones, bool alike);

#endif
