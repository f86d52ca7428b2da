/**
 * @file standby.h  Registered with the next server as well
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STANDBY_H
#define FAILOVER_STANDBY_H

#include "state.h"

void standby_begin(struct policy *p);
void standby_search(struct policy *p, uint64_t now, uint32_t rnd,
		    struct decision *d);
void standby_arrived(struct policy *p);
void standby_deregistered(struct policy *p);
void standby_lost(struct policy *p, unsigned server, uint64_t now,
		  uint32_t rnd, struct decision *d);
void standby_ok(struct policy *p, unsigned server, uint64_t expires_ms,
		uint64_t now, uint32_t rnd, const char *reason);
void standby_failed(struct policy *p, unsigned server, bool alive,
		    uint64_t now, uint32_t rnd, const char *reason,
		    struct decision *d);
void standby_not_sent(struct policy *p, uint64_t now);
bool standby_is_ahead(const struct policy *p);

#endif
