/**
 * @file order.h  Which servers a round has left
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ORDER_H
#define FAILOVER_ORDER_H

#include "state.h"

bool order_leaves_alone(const struct policy *p, unsigned server,
			uint64_t now);
unsigned order_untried(const struct policy *p, uint64_t now);
bool order_is_last(const struct policy *p);
uint64_t order_deadline(const struct policy *p);

#endif
