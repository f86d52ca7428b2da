/**
 * @file register.h  Baresip's own REGISTER, answered or not
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REGISTER_H
#define FAILOVER_REGISTER_H

#include "state.h"

void register_await(struct policy *p, uint64_t now);
void register_try(struct policy *p, unsigned server, uint64_t now);
void register_again(struct policy *p, uint64_t now);
void register_sent(struct policy *p, unsigned server, uint64_t now);
void register_answered(struct policy *p, unsigned server);
void register_challenged(struct policy *p, unsigned server, uint64_t now);

#endif
