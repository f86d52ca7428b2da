/**
 * @file test_flap.c  A primary that comes and goes is looked for less often
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"


enum {
	INTERVAL_MS = 1800 * 1000,
	HOUR_MS     = 3600 * 1000,
};


/* From the backup, when the check is due, to the primary and on it */
static void go_back(struct fix *f)
{
	fix_wait(f);
	assert_true(f->d.probe);
	fix_probed(f, true);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, PRIMARY);
}


static void fall_again(struct fix *f, uint64_t after)
{
	f->now += after;
	fix_failed(f, PRIMARY);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
}


static void wait_doubles_to_eight_times(void **state)
{
	static const unsigned timesv[] = {2, 4, 8, 8};
	struct fix *f = *state;

	fix_settle(f, 2);

	for (unsigned i = 0; i < 4; i++) {

		uint64_t when;

		go_back(f);
		fall_again(f, 1000);
		assert_true(policy_next(&f->p, &when));
		assert_int_equal(when - f->now, timesv[i] * INTERVAL_MS);
	}
}


static void failed_checks_do_not_double(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	fix_probed(f, false);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
}


static void a_longer_stay_does_not_double(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	go_back(f);
	fall_again(f, INTERVAL_MS + 1);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
}


static void a_steady_hour_forgives(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	go_back(f);
	fall_again(f, 1000);
	go_back(f);
	fall_again(f, HOUR_MS);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
}


static void leaving_by_command_is_no_flap(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	go_back(f);
	fix_switch(f, 2);
	fix_ok(f);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(wait_doubles_to_eight_times),
		TEST(failed_checks_do_not_double),
		TEST(a_longer_stay_does_not_double),
		TEST(a_steady_hour_forgives),
		TEST(leaving_by_command_is_no_flap),
	};

	return cmocka_run_group_tests_name("flap", testv, NULL, NULL);
}
