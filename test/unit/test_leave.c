/**
 * @file test_leave.c  A server that says when to come again is left alone
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"


static void round_skips_it(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 1);
	policy_retry_after(&f->p, 2, 600, f->now);
	fix_failed(f, 1);
	assert_int_equal(f->d.register_with, 3);
	assert_int_equal(fix_wait(f), TRANSACTION_MS);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


static void check_waits_for_it(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	policy_retry_after(&f->p, 1, 3000, f->now);
	fix_failed(f, 1);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 3000 * 1000);
	assert_true(f->d.probe);
}


static void check_that_was_due_is_put_off(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	policy_retry_after(&f->p, 1, 60, f->now);
	policy_retry_after(&f->p, 1, 3000, f->now);
	assert_int_equal(fix_wait(f), 3000 * 1000);
	assert_true(f->d.probe);
}


static void check_is_never_brought_forward(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	policy_retry_after(&f->p, 1, 60, f->now);
	assert_int_equal(fix_wait(f), 1800 * 1000);
	assert_true(f->d.probe);
}


static void taking_the_account_ends_it(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	policy_retry_after(&f->p, 1, 3000, f->now);
	fix_ok(f);
	fix_switch(f, 2);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 1800 * 1000);
	assert_true(f->d.probe);
}


static void an_hour_at_most(void **state)
{
	struct fix *f = *state;

	policy_retry_after(&f->p, 1, UINT32_MAX, f->now);
	assert_int_equal(f->p.serverv[0].retry_after - f->now, 3600 * 1000);
}


static void next_round_waits_for_the_first_of_them(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	policy_retry_after(&f->p, 1, 1000, f->now);
	fix_failed(f, 1);
	policy_retry_after(&f->p, 2, 500, f->now);
	fix_failed(f, 2);
	assert_int_equal(f->p.state, POLICY_DOWN);
	assert_int_equal(fix_wait(f), 500 * 1000);
	assert_int_equal(f->d.register_with, 2);
}


static void by_hand_it_is_asked_all_the_same(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	policy_retry_after(&f->p, 1, 1000, f->now);
	assert_true(fix_probe(f));
	assert_true(f->d.probe);
	fix_switch(f, 1);
	assert_int_equal(f->d.register_with, 1);
}


static void all_left_alone_and_asked_by_hand(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	policy_retry_after(&f->p, 1, 1000, f->now);
	fix_failed(f, 1);
	policy_retry_after(&f->p, 2, 1000, f->now);
	fix_failed(f, 2);
	assert_true(fix_probe(f));
	assert_int_equal(f->d.register_with, PRIMARY);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(round_skips_it),
		TEST(check_waits_for_it),
		TEST(check_that_was_due_is_put_off),
		TEST(check_is_never_brought_forward),
		TEST(taking_the_account_ends_it),
		TEST(an_hour_at_most),
		TEST(next_round_waits_for_the_first_of_them),
		TEST(by_hand_it_is_asked_all_the_same),
		TEST(all_left_alone_and_asked_by_hand),
	};

	return cmocka_run_group_tests_name("leave", testv, NULL, NULL);
}
