/**
 * @file test_flow.c  The connection to a server ends while the phone is idle
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "binding.h"
#include "fixture.h"
#include "flow.h"
#include "policy.h"
#include "register.h"


enum {
	LONG_MS   = 3600 * 1000,
	STEADY_MS = 20 * 1000,
	IDLE_MS   = 30 * 1000,
	SHORT_MS  = STEADY_MS - 1,
	MAX_MS    = 1800 * 1000,
};


/* Time until the account registers anew; -1: it does not */
static int64_t ended(struct fix *f, unsigned server, uint64_t lived_ms)
{
	uint64_t wait = 0;

	if (!flow_ended(&f->p, server, lived_ms, f->now, f->rnd, &wait))
		return -1;

	return (int64_t)wait;
}


/* The account registers anew with this server, and moves nowhere */
static void renews(struct fix *f, unsigned server, uint64_t wait)
{
	assert_int_equal(fix_wait(f), wait);
	assert_int_equal(f->d.register_with, server);
	assert_int_equal(f->d.tell, TELL_NOTHING);
	fix_is(f, POLICY_SETTLED, server);
	assert_true(policy_waits(&f->p, WAIT_ANSWER));
}


static void same_server_within_a_second(void **state)
{
	static const uint32_t rndv[] = { 0, UINT32_MAX / 2, UINT32_MAX };
	static const uint64_t waitv[] = { 0, 500, 1000 };
	struct fix *f = *state;

	for (unsigned i = 0; i < 3; i++) {
		fix_servers(f, 2);
		fix_settle(f, 1);
		f->rnd = rndv[i];
		assert_int_equal(ended(f, 1, LONG_MS), waitv[i]);
		assert_string_equal(f->p.serverv[0].reason,
				    "connection ended");
		renews(f, 1, waitv[i]);
	}
}


static void server_gone_leads_to_the_next(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	ended(f, 1, LONG_MS);
	fix_wait(f);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


static void server_silent_has_its_time(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	ended(f, 1, LONG_MS);
	fix_wait(f);
	assert_int_equal(fix_wait(f), schedule_giveup_ms(&f->set, false));
	fix_switched(f, 1, 2);
}


/* An INVITE that went out between the end and the REGISTER */
static void what_was_sent_before_counts(void **state)
{
	struct fix *f = *state;
	uint64_t since;

	fix_settle(f, 1);
	f->rnd = UINT32_MAX;
	ended(f, 1, LONG_MS);
	since = f->now;
	fix_wait(f);
	assert_true(f->now > since);
	policy_failed(&f->p, 1, since, f->now, f->rnd, "not answered", &f->d);
	fix_switched(f, 1, 2);
}


static void told_once(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	assert_int_equal(ended(f, 1, LONG_MS), 0);
	assert_int_equal(ended(f, 1, LONG_MS), -1);
}


/* A server that closes after each answer: RFC 5626 section 4.5 */
static void short_lived_connections_wait_longer(void **state)
{
	static const uint64_t waitv[] = { 1000, 60000, 120000, 240000,
		480000, 960000, MAX_MS, MAX_MS, MAX_MS };
	struct fix *f = *state;

	fix_settle(f, 1);
	f->rnd = UINT32_MAX;

	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(ended(f, 1, 0), waitv[i]);
		renews(f, 1, waitv[i]);
		fix_ok(f);
	}

	assert_int_equal(f->p.counters.failovers, 0);
}


static void half_of_these_waits_is_random(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	f->rnd = 0;
	ended(f, 1, SHORT_MS);
	fix_wait(f);
	fix_ok(f);
	assert_int_equal(ended(f, 1, SHORT_MS), 30000);
}


static void one_that_held_begins_anew(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);

	for (unsigned i = 0; i < 4; i++) {
		ended(f, 1, SHORT_MS);
		fix_wait(f);
		fix_ok(f);
	}

	f->rnd = UINT32_MAX;
	assert_int_equal(ended(f, 1, STEADY_MS), 1000);
}


/* A server that ends each idle connection after 30 s */
static void idle_connections_that_end_do_not_wait(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	f->rnd = UINT32_MAX;

	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(ended(f, 1, IDLE_MS), 1000);
		fix_wait(f);
		fix_ok(f);
	}
}


/* The backup need not pay for what the primary did */
static void each_server_has_its_own_count(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	ended(f, 1, SHORT_MS);
	fix_wait(f);
	fix_failed(f, 1);
	fix_ok(f);
	f->rnd = UINT32_MAX;
	assert_int_equal(ended(f, 2, SHORT_MS), 1000);
}


static void register_under_way_has_its_own_time(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	assert_int_equal(ended(f, 1, LONG_MS), -1);
}


static void baresip_refreshes_meanwhile(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	f->rnd = UINT32_MAX;
	ended(f, 1, LONG_MS);
	register_sent(&f->p, 1, f->now);
	assert_int_equal(fix_wait(f), 1000);
	fix_decided_nothing(f);
	fix_ok(f);
	fix_tick(f);
	fix_decided_nothing(f);
}


static void not_of_other_servers_nor_other_states(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	assert_int_equal(ended(f, 2, LONG_MS), -1);
	fix_failed(f, 1);
	assert_int_equal(ended(f, 2, LONG_MS), -1);
	fix_failed(f, 2);
	assert_int_equal(ended(f, 1, LONG_MS), -1);
	policy_unregistered(&f->p);
	assert_int_equal(ended(f, 1, LONG_MS), -1);
}


static void nothing_is_due_after_unregistering(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	ended(f, 1, LONG_MS);
	policy_unregistered(&f->p);
	assert_false(policy_next(&f->p, &when));
	fix_start(f);
	fix_ok(f);
	assert_false(policy_next(&f->p, &when));
}


static void moving_away_forgets_it(void **state)
{
	struct fix *f = *state;

	f->set.failback = 0;
	fix_settle(f, 1);
	f->rnd = UINT32_MAX;
	ended(f, 1, LONG_MS);
	fix_switch(f, 2);
	fix_ok(f);
	f->now += 2000;
	fix_tick(f);
	fix_decided_nothing(f);
}


static void turned_off(void **state)
{
	struct fix *f = *state;

	f->set.flow = 0;
	fix_settle(f, 1);
	assert_int_equal(ended(f, 1, LONG_MS), -1);
}


static void standby_is_asked_anew(void **state)
{
	struct fix *f = *state;

	f->set.standby = 1;
	fix_settle(f, 1);
	fix_tick(f);
	assert_int_equal(f->d.standby, 2);
	fix_standby_ok(f, 2, 3600);

	f->rnd = UINT32_MAX;
	assert_int_equal(ended(f, 2, LONG_MS), 1000);
	assert_int_equal(fix_wait(f), 1000);
	assert_int_equal(f->d.standby, 2);
	assert_int_equal(f->d.register_with, 0);
	assert_int_equal(ended(f, 2, LONG_MS), -1);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(same_server_within_a_second),
		TEST(server_gone_leads_to_the_next),
		TEST(server_silent_has_its_time),
		TEST(what_was_sent_before_counts),
		TEST(told_once),
		TEST(short_lived_connections_wait_longer),
		TEST(half_of_these_waits_is_random),
		TEST(one_that_held_begins_anew),
		TEST(idle_connections_that_end_do_not_wait),
		TEST(each_server_has_its_own_count),
		TEST(register_under_way_has_its_own_time),
		TEST(baresip_refreshes_meanwhile),
		TEST(not_of_other_servers_nor_other_states),
		TEST(nothing_is_due_after_unregistering),
		TEST(moving_away_forgets_it),
		TEST(turned_off),
		TEST(standby_is_asked_anew),
	};

	return cmocka_run_group_tests_name("flow", testv, NULL, NULL);
}
