/**
 * @file keepalive.h  OPTIONS to the server in use, from time to time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_KEEPALIVE_H
#define FAILOVER_KEEPALIVE_H

#include "state.h"

void keepalive_schedule(struct policy *p, uint64_t now);
void keepalive_due(struct policy *p, uint64_t now, uint32_t rnd,
		   struct decision *d);
void keepalive_answered(struct policy *p, unsigned server);

#endif
