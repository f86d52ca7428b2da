/**
 * @file alarm.h  Timers that go on while the machine sleeps
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ALARM_H
#define FAILOVER_ALARM_H

#include "timer.h"

void alarm_set(struct timer *alarm, uint64_t due, timer_h *h, void *arg);
void alarm_cancel(struct timer *alarm);
void alarm_clock_jumped(void);
void alarm_close(void);

#endif
