/**
 * @file flow.h  The connection to a server has ended while the phone is idle
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FLOW_H
#define FAILOVER_FLOW_H

#include "state.h"

bool flow_ended(struct policy *p, unsigned server, uint64_t lived_ms,
		uint64_t now, uint32_t rnd, uint64_t *wait);
void flow_renew(struct policy *p, uint64_t now, uint32_t rnd,
		struct decision *d);

#endif
