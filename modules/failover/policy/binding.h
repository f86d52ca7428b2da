/**
 * @file binding.h  Is the account bound where it is registered?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_BINDING_H
#define FAILOVER_BINDING_H

#include "state.h"

void binding_granted(struct policy *p, const struct grant *grant,
		     uint64_t now);
bool binding_is_ours(const struct policy *p);
void binding_overdue(struct policy *p, uint64_t now, uint32_t rnd,
		     struct decision *d);
bool binding_is_certain(const struct policy *p);
void binding_outlived(struct policy *p, unsigned deregs);
void binding_doubted(struct policy *p, unsigned server, uint64_t now,
		     struct decision *d);
void binding_renew_if_due(struct policy *p, struct decision *d);
void binding_renew(struct policy *p, struct decision *d);
void binding_renewed(struct policy *p, const struct outcome *o,
		     unsigned deregs, uint64_t now, struct decision *d);
void binding_not_sent(struct policy *p, uint64_t now);

#endif
