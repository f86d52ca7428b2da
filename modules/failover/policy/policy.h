/**
 * @file policy.h  Which server an account uses, and when that changes
 *
 * Evidence goes in, a decision comes out. Plain C: includes neither re.h nor
 * baresip.h. It reads no clock and draws no random number: `now` is a
 * monotonic time in milliseconds, `rnd` is uniform over all 32-bit values.
 * Servers are numbered from 1 in the order of the account line. 0 is none.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_POLICY_H
#define FAILOVER_POLICY_H

#include "state.h"

void policy_time_is_up(struct policy *p, uint64_t now, uint32_t rnd,
		       struct decision *d);
bool policy_resent(struct policy *p, unsigned server, uint64_t now);
void policy_init(struct policy *p, const struct settings *set,
		 unsigned serverc, uint64_t now);
unsigned policy_registering(struct policy *p, uint64_t now);
void policy_found(struct policy *p, unsigned server, bool registered,
		  uint64_t now, struct decision *d);
void policy_registered(struct policy *p, uint64_t now, uint32_t rnd,
		       const char *reason, struct decision *d);
void policy_refused(struct policy *p, uint64_t now, uint32_t rnd,
		    const char *reason);
enum verdict policy_failed(struct policy *p, unsigned server, uint64_t since,
			   uint64_t now, uint32_t rnd, const char *reason,
			   struct decision *d);
void policy_failed_before(struct policy *p, unsigned server, unsigned times);
void policy_retry_after(struct policy *p, unsigned server, uint32_t s,
			uint64_t now);
void policy_deregistered(struct policy *p, struct decision *d);
void policy_unregistered(struct policy *p);
void policy_switch(struct policy *p, unsigned to, uint64_t now,
		   struct decision *d);
void policy_tick(struct policy *p, uint64_t now, uint32_t rnd,
		 struct decision *d);
bool policy_next(const struct policy *p, uint64_t *when);
void policy_reconfigured(struct policy *p, const struct settings *was,
			 uint64_t now, uint32_t rnd);

#endif
