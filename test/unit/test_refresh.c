/**
 * @file test_refresh.c  A refresh that never gets onto the wire
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"


enum {
	REFRESH_MS = 90000,
	LATE_MS    = 500,
};


static void hanging_connection_is_given_up(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_granted(&f->p, 1, REFRESH_MS, f->now);

	/* noticed late, but counted from when it was due */
	assert_int_equal(fix_wait(f), REFRESH_MS + LATE_MS);
	fix_decided_nothing(f);
	assert_int_equal(fix_wait(f), 7500 - LATE_MS);
	assert_int_equal(f->d.register_with, 2);
	assert_string_equal(f->p.serverv[0].reason,
			    "REGISTER could not be sent in 7.5 s");
}


static void refresh_on_the_wire_counts_by_itself(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_granted(&f->p, 1, REFRESH_MS, f->now);
	f->now += REFRESH_MS + 3;
	register_sent(&f->p, 1, f->now);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 7500);
	register_answered(&f->p, 1);
	assert_false(policy_next(&f->p, &when));
}


static void what_another_server_grants_is_nothing(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_granted(&f->p, 2, REFRESH_MS, f->now);
	assert_false(policy_next(&f->p, &when));
}


static void moving_forgets_it(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_granted(&f->p, 1, REFRESH_MS, f->now);
	fix_switch(f, 2);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 1800 * 1000);
	assert_true(f->d.probe);
}


static void challenged_is_awaited_anew(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	f->now += 5000;
	register_challenged(&f->p, 1, f->now);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 7500);
	assert_int_equal(fix_wait(f), 7500);
	assert_int_equal(f->d.register_with, 2);
	assert_string_equal(f->p.serverv[0].reason,
			    "REGISTER could not be sent in 7.5 s");
}


static void challenge_of_what_is_over_is_nothing(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_challenged(&f->p, 1, f->now);
	assert_false(policy_next(&f->p, &when));
	register_sent(&f->p, 1, f->now);
	f->now += 5000;
	register_challenged(&f->p, 2, f->now);
	assert_int_equal(fix_wait(f), 2500);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(hanging_connection_is_given_up),
		TEST(refresh_on_the_wire_counts_by_itself),
		TEST(what_another_server_grants_is_nothing),
		TEST(moving_forgets_it),
		TEST(challenged_is_awaited_anew),
		TEST(challenge_of_what_is_over_is_nothing),
	};

	return cmocka_run_group_tests_name("refresh", testv, NULL, NULL);
}
