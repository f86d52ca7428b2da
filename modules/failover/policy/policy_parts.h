/**
 * @file policy_parts.h  Between the files that make up the policy
 *
 * state.c has the gate into a state, policy.c what leads to one, wait.c the
 * times that are waited for, register.c the REGISTER under way, round.c the
 * order of the servers, failback.c the way back to the primary, binding.c the
 * binding, standby.c the second registration, outage.c the phone's own side.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_POLICY_PARTS_H
#define FAILOVER_POLICY_PARTS_H

#include "policy.h"

/** Servers in a set are one bit each */
static inline unsigned server_bit(unsigned server)
{
	return 1u << server;
}


struct policy_server *policy_server(struct policy *p, unsigned server);
void policy_enter(struct policy *p, enum policy_state state);
void policy_mark(struct policy *p, unsigned server, enum health health,
		 uint64_t now, const char *reason);
void policy_try(struct policy *p, unsigned server, uint64_t now);
void policy_again(struct policy *p, uint64_t now);
bool policy_is_at_rest(const struct policy *p);

uint64_t register_deadline(const struct policy *p);
void register_await(struct policy *p, uint64_t now);
void register_time_is_up(struct policy *p, uint64_t now, uint32_t rnd,
			 struct decision *d);

bool round_leaves_alone(const struct policy *p, unsigned server,
			uint64_t now);
void round_begin(struct policy *p, uint64_t now);
void round_next(struct policy *p, uint64_t now, uint32_t rnd,
		struct decision *d);
void round_due(struct policy *p, uint64_t now, uint32_t rnd,
	       struct decision *d);
bool round_is_last(const struct policy *p);

void outage_resume(struct policy *p, uint64_t now);

void failback_put_off(struct policy *p);
void failback_schedule(struct policy *p, uint64_t now, uint32_t rnd);
void failback_count_flap(struct policy *p, uint64_t now);
void failback_due(struct policy *p, uint64_t now, uint32_t rnd,
		  struct decision *d);

void binding_overdue(struct policy *p, uint64_t now, uint32_t rnd,
		     struct decision *d);
void binding_outlived(struct policy *p, unsigned deregs);
void binding_renew_if_due(struct policy *p, struct decision *d);
void binding_renew(struct policy *p, struct decision *d);

void standby_begin(struct policy *p);
void standby_search(struct policy *p, uint64_t now, uint32_t rnd,
		    struct decision *d);
void standby_arrived(struct policy *p);
void standby_end(struct policy *p);
void standby_deregistered(struct policy *p);
void standby_lost(struct policy *p, unsigned server, uint64_t now,
		  uint32_t rnd, struct decision *d);

#endif
