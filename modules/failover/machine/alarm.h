/**
 * @file alarm.h  Times to come, of which libre knows the first only
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ALARM_H
#define FAILOVER_ALARM_H

#include "heap.h"

typedef void (alarm_h)(void *arg);

/** A time to come; all zero: not set */
struct alarm {
	struct heap_entry entry;     /**< First: its address is the alarm's  */
	alarm_h *h;
	void *arg;
};

void alarm_set(struct alarm *alarm, uint64_t due, alarm_h *h, void *arg);
void alarm_cancel(struct alarm *alarm);
void alarm_clock_jumped(void);

#endif
