/**
 * @file timer.c  Any number of timers on one of libre's
 *
 * libre keeps its timers in one list and walks it for each timer that is
 * started. A timer of ours for every account and request would be in the way
 * of each message of Baresip's. So all of them share one, which runs for the
 * first that is due. If that is cancelled, libre's timer stays, finds nothing
 * to do, and runs for the next, if there is one: most requests are answered
 * before their time is up.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "timer.h"


static struct timers own = TIMERS_INIT(tmr_jiffies);


static void due_handler(void *arg)
{
	struct timers *timers = arg;
	const uint64_t now = timers->nowh();
	struct heap_entry *first;

	timers->armed = 0;           /* not to be started before the end */

	while ((first = timers->heap.first) && first->due <= now) {

		struct timer *timer = (void *)first;

		heap_remove(&timers->heap, first);
		timer->h(timer->arg);
	}

	timers_run(timers);
}


/**
 * Run libre's timer for the first of ours, also if their clock has jumped
 *
 * @param timers Timers
 */
void timers_run(struct timers *timers)
{
	const struct heap_entry *first = timers->heap.first;
	const uint64_t now = timers->nowh();

	if (!first) {
		timers->armed = UINT64_MAX;
		tmr_cancel(&timers->tmr);
		return;
	}

	timers->armed = first->due;
	tmr_start(&timers->tmr, first->due > now ? first->due - now : 0,
		  due_handler, timers);
}


/**
 * Have a handler called at a time, instead of one that was set before
 *
 * @param timers Timers that it is one of
 * @param timer  Timer, not owned; to be cancelled before it is freed
 * @param due    When, by their clock [ms]; in the past: as soon as possible
 * @param h      Handler; it may set, cancel and free any timer
 * @param arg    Handler argument
 */
void timers_set(struct timers *timers, struct timer *timer, uint64_t due,
		timer_h *h, void *arg)
{
	heap_remove(&timers->heap, &timer->entry);

	timer->h   = h;
	timer->arg = arg;

	heap_insert(&timers->heap, &timer->entry, due);

	if (due < timers->armed)
		timers_run(timers);
}


/**
 * Cancel a timer
 *
 * @param timers Timers that it is one of
 * @param timer  Timer, running or not
 */
void timers_cancel(struct timers *timers, struct timer *timer)
{
	heap_remove(&timers->heap, &timer->entry);
}


/**
 * Start a timer, as libre's tmr_start(). It runs before a timer of libre's
 * that is due at the same time: when a request is given up, its retransmission
 * is often due, and is not to go out.
 *
 * @param timer Timer, not owned; to be cancelled before it is freed
 * @param ms    Time until it is due [ms]
 * @param h     Handler; it may start, cancel and free any timer
 * @param arg   Handler argument
 */
void timer_start(struct timer *timer, uint64_t ms, timer_h *h, void *arg)
{
	const uint64_t due = tmr_jiffies() + ms;

	timers_set(&own, timer, ms > 1 ? due - 1 : due, h, arg);
}


/**
 * Cancel a timer
 *
 * @param timer Timer, running or not
 */
void timer_cancel(struct timer *timer)
{
	timers_cancel(&own, timer);
}


/** All have been cancelled: leave nothing to libre */
void timer_close(void)
{
	timers_run(&own);
}


/**
 * Is a timer running?
 *
 * @param timer Timer
 *
 * @return True if it is
 */
bool timer_is_running(const struct timer *timer)
{
	return timer->entry.inside;
}
