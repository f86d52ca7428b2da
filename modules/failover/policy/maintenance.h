/**
 * @file maintenance.h  Servers that are left alone for a while
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_MAINTENANCE_H
#define FAILOVER_MAINTENANCE_H

#include "state.h"

bool maintenance_set(struct policy *p, unsigned server, bool on, uint64_t now,
		     uint32_t rnd, struct decision *d);

#endif
