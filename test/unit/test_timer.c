/**
 * @file test_timer.c  Any number of timers on one of libre's
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "timer.h"


enum {
	TIMERS = 1000,
	SPAN_MS = 50,                /* all are due within it                */
	END_MS = 200,
	EARLY_MS = 1,                /* before libre's of the same time      */
};

/* A clock that the test sets */
static uint64_t now;

static uint64_t set_clock(void)
{
	return now;
}


struct entry {
	struct timer timer;
	uint64_t due;                /* 0: it is not to be called            */
	unsigned called;
};

static struct entry entryv[TIMERS];
static uint64_t last;


static void entry_handler(void *arg)
{
	struct entry *entry = arg;

	assert_true(entry->due);
	assert_true(tmr_jiffies() + EARLY_MS >= entry->due);
	assert_false(timer_is_running(&entry->timer));

	++entry->called;
}


static void end_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void start(struct entry *entry)
{
	const uint64_t ms = (uint64_t)(rand() % SPAN_MS);

	entry->due = tmr_jiffies() + ms;
	timer_start(&entry->timer, ms, entry_handler, entry);
}


/* Each is called once, not before its time, and none that was cancelled */
static void test_all_are_called(void **state)
{
	struct timer end = {0};
	(void)state;

	srand(1);

	for (unsigned i = 0; i < TIMERS; i++)
		start(&entryv[i]);

	for (unsigned i = 0; i < TIMERS; i += 2) {

		timer_cancel(&entryv[i].timer);
		entryv[i].due = 0;

		if (i % 4)
			start(&entryv[i]);
	}

	timer_start(&end, END_MS, end_handler, NULL);
	(void)re_main(NULL);

	for (unsigned i = 0; i < TIMERS; i++)
		assert_int_equal(entryv[i].called, entryv[i].due ? 1 : 0);
}


static void order_handler(void *arg)
{
	const uint64_t number = (uintptr_t)arg;

	assert_int_equal(number, last + 1);
	last = number;

	if (last == TIMERS)
		re_cancel();
}


/* Those of the same time come in the order in which they were started */
static void test_same_time(void **state)
{
	struct timers timers = TIMERS_INIT(set_clock);
	static struct timer timerv[TIMERS];
	(void)state;

	now = 1000;
	for (uintptr_t i = 0; i < TIMERS; i++)
		timers_set(&timers, &timerv[i], now, order_handler,
			   (void *)(i + 1));

	(void)re_main(NULL);
	assert_int_equal(last, TIMERS);
}


/* libre has one timer, for the first of ours or earlier */
static void test_one_of_libre(void **state)
{
	struct timers timers = TIMERS_INIT(set_clock);
	struct timer first = {0}, second = {0};
	(void)state;

	now = 1000;
	timers_set(&timers, &second, now + 5000, end_handler, NULL);
	timers_set(&timers, &first, now + 2000, end_handler, NULL);
	assert_int_equal(timers.armed, now + 2000);

	timers_cancel(&timers, &first);
	assert_int_equal(timers.armed, now + 2000);
	assert_true(tmr_isrunning(&timers.tmr));

	timers_cancel(&timers, &second);
	assert_int_equal(timers.armed, now + 2000);

	timers_run(&timers);
	assert_false(tmr_isrunning(&timers.tmr));

	timers_set(&timers, &second, now + 5000, end_handler, NULL);
	assert_int_equal(timers.armed, now + 5000);
	assert_true(tmr_isrunning(&timers.tmr));
	timers_cancel(&timers, &second);
	timers_run(&timers);
}


static int begin(void **state)
{
	(void)state;

	return libre_init();
}


static int end(void **state)
{
	(void)state;
	libre_close();

	return 0;
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_called),
		cmocka_unit_test(test_same_time),
		cmocka_unit_test(test_one_of_libre),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
