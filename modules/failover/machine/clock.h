/**
 * @file clock.h  The time, and its jumps
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CLOCK_H
#define FAILOVER_CLOCK_H

#include "compat.h"

typedef void (clock_jump_h)(int64_t asleep_ms);

uint64_t clock_ms(void);
bool clock_is_late(uint64_t due);
bool clock_has_jumped(void);
int  clock_open(clock_jump_h *h);
void clock_close(void);

/* Use clock_ms() only. This clock jumps, see clock.c. */
#pragma GCC poison tmr_jiffies

#endif
