/**
 * @file timer.h  Any number of timers on one of libre's
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TIMER_H
#define FAILOVER_TIMER_H

#include "compat.h"
#include "heap.h"

typedef void (timer_h)(void *arg);
typedef uint64_t (timer_now_h)(void);

/** A timer; all zero: not running */
struct timer {
	struct heap_entry entry;     /**< First: its address is the timer's  */
	timer_h *h;
	void *arg;
};

/** Timers that share one of libre's */
struct timers {
	struct heap heap;
	struct tmr tmr;              /**< For the first, or earlier          */
	uint64_t armed;              /**< When that is due, or never [ms]    */
	timer_now_h *nowh;           /**< Their clock [ms]                   */
};

#define TIMERS_INIT(now) { .armed = UINT64_MAX, .nowh = (now) }

/* By libre's clock, as its own timers */
void timer_start(struct timer *timer, uint64_t ms, timer_h *h, void *arg);
void timer_cancel(struct timer *timer);
void timer_close(void);
bool timer_is_running(const struct timer *timer);

/* By any clock */
void timers_set(struct timers *timers, struct timer *timer, uint64_t due,
		timer_h *h, void *arg);
void timers_cancel(struct timers *timers, struct timer *timer);
void timers_run(struct timers *timers);

#endif
