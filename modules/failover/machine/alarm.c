/**
 * @file alarm.c  Timers that go on while the machine sleeps
 *
 * What is due in minutes or hours goes by our own clock: see clock.c.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "alarm.h"
#include "clock.h"


static struct timers alarms = TIMERS_INIT(clock_ms);


/**
 * Have a handler called at a time, instead of one that was set before
 *
 * @param alarm Alarm, not owned; to be cancelled before it is freed
 * @param due   When, by clock_ms() [ms]; in the past: as soon as possible
 * @param h     Handler; it may free the alarm
 * @param arg   Handler argument
 */
void alarm_set(struct timer *alarm, uint64_t due, timer_h *h, void *arg)
{
	timers_set(&alarms, alarm, due, h, arg);
}


/**
 * Cancel an alarm
 *
 * @param alarm Alarm, set or not
 */
void alarm_cancel(struct timer *alarm)
{
	timers_cancel(&alarms, alarm);
}


/** libre's clock has jumped, its timer would be early or late */
void alarm_clock_jumped(void)
{
	timers_run(&alarms);
}


/** All have been cancelled: leave nothing to libre */
void alarm_close(void)
{
	timers_run(&alarms);
}
