/**
 * @file outage.h  The phone's own side: no network, another address, asleep
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_OUTAGE_H
#define FAILOVER_OUTAGE_H

#include "state.h"

void outage_begin(struct policy *p, uint64_t now, uint32_t rnd);
void outage_resume(struct policy *p, uint64_t now);
void outage_round_due(struct policy *p, uint64_t now, uint32_t rnd,
		      struct decision *d);
void outage_end(struct policy *p, uint64_t now, struct decision *d);
void outage_woke(struct policy *p, uint64_t now, struct decision *d);
void outage_retry(struct policy *p, uint64_t now, struct decision *d);

#endif
