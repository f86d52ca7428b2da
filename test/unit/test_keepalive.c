/**
 * @file test_keepalive.c  OPTIONS to the server in use
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "keepalive.h"
#include "policy.h"
#include "register.h"


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
	keepalive_answered(&f->p, 1);
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
	keepalive_answered(&f->p, 2);
	fix_failed(f, 1);
	fix_is(f, POLICY_MOVING, 2);
}


/* On the backup, with settings that are changed while it is at rest */
static void begins_and_ends_with_the_key(void **state)
{
	struct fix *f = *state;
	struct settings was;
	uint64_t when;

	fix_settle(f, 2);
	was = f->set;
	f->set.keepalive_s = 30;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
	assert_int_equal(fix_wait(f), 30000);
	assert_true(f->d.keepalive);

	was = f->set;
	f->set.keepalive_s = 0;
	f->set.failback = 0;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
	assert_false(policy_next(&f->p, &when));

	was = f->set;
	f->set.failback = 1;
	f->set.failback_interval_s = 5;
	f->set.failback_jitter = 0;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
	assert_int_equal(fix_wait(f), 5000);
	assert_true(f->d.probe);
}


/* What is not changed goes on: a wait does not begin anew */
static void other_keys_change_no_wait(void **state)
{
	struct fix *f = *state;
	struct settings was;

	f->set.keepalive_s = 30;
	fix_settle(f, 1);
	f->now += 20000;
	was = f->set;
	f->set.retries = 1;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
	assert_int_equal(fix_wait(f), 10000);
	assert_true(f->d.keepalive);

	fix_failed(f, 1);
	was = f->set;
	f->set.keepalive_s = 1;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
	f->now += 1000;
	fix_tick(f);
	fix_decided_nothing(f);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(none_by_default),
		TEST(begins_and_ends_with_the_key),
		TEST(other_keys_change_no_wait),
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
