/**
 * @file test_keepalive.c  OPTIONS to the server in use
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"


static void none_by_default(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	assert_false(policy_next(&f->p, &when));
}


static void due_again_and_again(void **state)
{
	struct fix *f = *state;

	f->set.keepalive_s = 30;
	fix_settle(f, 1);

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fix_wait(f), 30000);
		assert_true(f->d.keepalive);
		assert_int_equal(f->d.register_with, 0);
		fix_is(f, POLICY_SETTLED, 1);
	}
}


static void on_the_backup_together_with_the_check(void **state)
{
	struct fix *f = *state;

	f->set.keepalive_s = 1800;
	fix_settle(f, 2);
	fix_wait(f);
	assert_true(f->d.probe);
	assert_int_equal(fix_wait(f), 0);
	assert_true(f->d.keepalive);
}


static void not_while_moving_nor_down(void **state)
{
	struct fix *f = *state;

	f->set.keepalive_s = 1;
	fix_settle(f, 1);
	fix_failed(f, 1);
	f->now += 2000;
	fix_tick(f);
	fix_decided_nothing(f);
	fix_failed(f, 2);
	f->now += 2000;
	fix_tick(f);
	fix_decided_nothing(f);
}


static void not_after_unregistering(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	f->set.keepalive_s = 1;
	fix_settle(f, 1);
	policy_unregistered(&f->p);
	assert_false(policy_next(&f->p, &when));
}


static void unanswered_leaves_the_server(void **state)
{
	struct fix *f = *state;

	f->set.keepalive_s = 30;
	fix_settle(f, 1);
	fix_wait(f);
	fix_failed(f, 1);
	assert_int_equal(f->d.tell, TELL_SWITCH);
	fix_is(f, POLICY_MOVING, 2);
}


static void answered_ends_the_row_of_failures(void **state)
{
	struct fix *f = *state;

	f->set.fall = 2;
	fix_settle(f, 1);
	fix_failed(f, 1);
	register_answered(&f->p, 1);
	policy_alive(&f->p, 1);
	fix_failed(f, 1);
	fix_is(f, POLICY_SETTLED, 1);
}


static void answered_by_another_server(void **state)
{
	struct fix *f = *state;

	f->set.fall = 2;
	fix_settle(f, 1);
	fix_failed(f, 1);
	register_answered(&f->p, 1);
	policy_alive(&f->p, 2);
	fix_failed(f, 1);
	fix_is(f, POLICY_MOVING, 2);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(none_by_default),
		TEST(due_again_and_again),
		TEST(on_the_backup_together_with_the_check),
		TEST(not_while_moving_nor_down),
		TEST(not_after_unregistering),
		TEST(unanswered_leaves_the_server),
		TEST(answered_ends_the_row_of_failures),
		TEST(answered_by_another_server),
	};

	return cmocka_run_group_tests_name("keepalive", testv, NULL, NULL);
}
