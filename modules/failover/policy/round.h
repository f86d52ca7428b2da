/**
 * @file round.h  One server after the other
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ROUND_H
#define FAILOVER_ROUND_H

#include "state.h"

void round_begin(struct policy *p, uint64_t now);
void round_next(struct policy *p, uint64_t now, uint32_t rnd,
		struct decision *d);

#endif
