/**
 * @file failback.h  The way back to the primary
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FAILBACK_H
#define FAILOVER_FAILBACK_H

#include "state.h"

void failback_put_off(struct policy *p);
void failback_schedule(struct policy *p, uint64_t now, uint32_t rnd);
void failback_leave(struct policy *p, uint64_t now, uint32_t rnd,
		    struct decision *d);
void failback_count_flap(struct policy *p, uint64_t now);
void failback_due(struct policy *p, uint64_t now, uint32_t rnd,
		  struct decision *d);
void failback_probed(struct policy *p, unsigned server,
		     const struct outcome *o, uint64_t now, uint32_t rnd,
		     struct decision *d);
uint32_t failback_given_ms(const struct policy *p, uint64_t now);
void failback_not_sent(struct policy *p, uint64_t now, uint32_t rnd);
bool failback_probe(struct policy *p, uint64_t now, struct decision *d);

#endif
