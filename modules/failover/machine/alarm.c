/**
 * @file alarm.c  Times to come, of which libre knows the first only
 *
 * libre keeps its timers in one list and walks it for each timer that is
 * started. A timer for every account, due in minutes or hours, would be in the
 * way of each message. So all of them share one timer, which runs for the
 * first that is due.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include <re.h>
#include "alarm.h"
#include "clock.h"


static struct {
	struct heap heap;
	struct tmr tmr;
} alarms;


static void due_handler(void *arg);


/** Run libre's timer for the first, and no longer for the one before */
static void run_for_first(void)
{
	const struct heap_entry *first = alarms.heap.first;
	const uint64_t now = clock_ms();

	if (first)
		tmr_start(&alarms.tmr, first->due > now ? first->due - now : 0,
			  due_handler, NULL);
	else
		tmr_cancel(&alarms.tmr);
}


/** One at a time: its handler may set and cancel any other */
static void due_handler(void *arg)
{
	struct heap_entry *first = alarms.heap.first;
	(void)arg;

	if (first && first->due <= clock_ms()) {
		struct alarm *alarm = (void *)first;

		heap_remove(&alarms.heap, first);
		alarm->h(alarm->arg);
	}

	run_for_first();
}


/**
 * Have a handler called at a time, instead of one that was set before
 *
 * @param alarm Alarm, not owned; to be cancelled before it is freed
 * @param due   When, by clock_ms() [ms]; in the past: as soon as possible
 * @param h     Handler; it may free the alarm
 * @param arg   Handler argument
 */
void alarm_set(struct alarm *alarm, uint64_t due, alarm_h *h, void *arg)
{
	const struct heap_entry *first = alarms.heap.first;

	heap_remove(&alarms.heap, &alarm->entry);

	alarm->h   = h;
	alarm->arg = arg;

	heap_insert(&alarms.heap, &alarm->entry, due);

	if (first == &alarm->entry || alarms.heap.first == &alarm->entry)
		run_for_first();
}


/**
 * Cancel an alarm
 *
 * @param alarm Alarm, set or not
 */
void alarm_cancel(struct alarm *alarm)
{
	const struct heap_entry *first = alarms.heap.first;

	heap_remove(&alarms.heap, &alarm->entry);

	if (first == &alarm->entry)
		run_for_first();
}


/** libre's clock has jumped, its timer would be early or late */
void alarm_clock_jumped(void)
{
	run_for_first();
}
