/**
 * @file test_orders.c  What the user orders
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "view.h"


/*
 * Registering by hand
 */

static void by_hand_when_settled(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	f->now += 1000;
	assert_int_equal(fix_start(f), 2);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(f->p.sends, 1);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 2, 1);
}


static void by_hand_while_moving(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_failed(f, 1);
	f->now += 1000;
	assert_int_equal(fix_start(f), 2);
	fix_is(f, POLICY_MOVING, 2);
	assert_int_equal(fix_silence(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


static void by_hand_when_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	f->now += 1000;
	assert_int_equal(fix_start(f), PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
}


static void by_hand_makes_older_failures_stale(void **state)
{
	struct fix *f = *state;
	const uint64_t before = f->now;
	struct decision d = {0};

	fix_settle(f, 1);
	fix_start(f);
	policy_failed(&f->p, 1, before, f->now, 0, "late", &d);
	assert_int_equal(d.tell, TELL_NOTHING);
}


/*
 * Unregistered by the user
 */

static void unregistered_is_quiet(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 2);
	register_sent(&f->p, 2, f->now);
	policy_unregistered(&f->p);
	assert_int_equal(f->p.state, POLICY_IDLE);
	assert_int_equal(view_active(&f->p), 0);
	assert_false(f->p.serverv[1].registered);
	assert_false(policy_next(&f->p, &when));

	fix_failed(f, 2);
	fix_decided_nothing(f);
	fix_ok(f);
	fix_deregistered(f);
	fix_decided_nothing(f);
	assert_int_equal(f->p.state, POLICY_IDLE);
}


static void unregistered_when_down_ends_the_rounds(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_down(f);
	policy_unregistered(&f->p);
	assert_false(policy_next(&f->p, &when));
	fix_network_back(f);
	fix_decided_nothing(f);
}


static void registered_again_begins_with_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	policy_unregistered(&f->p);
	assert_int_equal(fix_start(f), PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);
}


/*
 * Switch by command
 */

static void switch_when_settled(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_switch(f, 2);
	fix_switched(f, 1, 2);
	assert_true(f->d.by_command);
	assert_int_equal(view_active(&f->p), 1);
	assert_int_equal(f->p.counters.failovers, 0);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
}


static void switch_to_where_we_are(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_switch(f, 1);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
}


static void switch_while_moving(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 1);
	fix_failed(f, 1);
	fix_switch(f, 3);
	assert_int_equal(f->d.register_with, 3);
	fix_is(f, POLICY_MOVING, 3);
	assert_int_equal(view_active(&f->p), 1);
}


static void switch_when_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	fix_switch(f, 2);
	assert_int_equal(f->d.register_with, 2);
	fix_is(f, POLICY_MOVING, 2);
}


static void switch_when_idle(void **state)
{
	struct fix *f = *state;

	fix_switch(f, 2);
	assert_int_equal(f->d.register_with, 2);
	fix_is(f, POLICY_MOVING, 2);
}


/* A switch begins a round of its own */
static void switch_to_a_dead_server(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 1);
	fix_switch(f, 3);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 3, 1);
	assert_false(f->d.by_command);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
	assert_int_equal(fix_silence(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


/* No server is in use: there is none to come from */
static void switch_tells_the_server_in_use(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	fix_switch(f, 2);
	assert_int_not_equal(f->d.from, 2);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(by_hand_when_settled),
		TEST(by_hand_while_moving),
		TEST(by_hand_when_down),
		TEST(by_hand_makes_older_failures_stale),
		TEST(unregistered_is_quiet),
		TEST(unregistered_when_down_ends_the_rounds),
		TEST(registered_again_begins_with_the_primary),
		TEST(switch_when_settled),
		TEST(switch_to_where_we_are),
		TEST(switch_while_moving),
		TEST(switch_when_down),
		TEST(switch_when_idle),
		TEST(switch_to_a_dead_server),
		TEST(switch_tells_the_server_in_use),
	};

	return cmocka_run_group_tests_name("orders", testv, NULL, NULL);
}
