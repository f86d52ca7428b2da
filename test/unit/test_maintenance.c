/**
 * @file test_maintenance.c  A server is left alone for a while
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "view.h"


enum {
	SERVERS     = 3,
	INTERVAL_MS = 1800 * 1000,
};


static struct fix *settled(void **state, unsigned server)
{
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	fix_settle(f, server);

	return f;
}


static void asks(const struct fix *f, unsigned server)
{
	assert_int_equal(f->d.probe, server);
	assert_int_equal(f->p.probing, server);
	assert_int_equal(f->d.register_with, 0);
}


static void moves(const struct fix *f, unsigned from, unsigned to)
{
	fix_switched(f, from, to);
	assert_true(f->d.by_command);
	assert_true(f->d.maintenance);
}


/* No gap: the next one has taken the account before it moves */
static void leaves_when_the_next_has_taken_it(void **state)
{
	struct fix *f = settled(state, 1);

	assert_true(fix_maintenance(f, 1, true));
	asks(f, 2);
	fix_is(f, POLICY_SETTLED, 1);
	assert_true(f->p.serverv[0].registered);

	fix_probed(f, true);
	moves(f, 1, 2);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(f->p.counters.failovers, 0);
	assert_int_equal(f->p.counters.failbacks, 0);
}


static void asks_one_after_the_other(void **state)
{
	struct fix *f = settled(state, 1);

	fix_maintenance(f, 1, true);
	fix_probed(f, false);
	asks(f, 3);
	fix_probed(f, true);
	moves(f, 1, 3);
}


static void one_good_answer_is_enough(void **state)
{
	struct fix *f = settled(state, 1);

	f->set.rise = 3;
	fix_maintenance(f, 1, true);
	fix_probed(f, true);
	moves(f, 1, 2);
}


static void stays_if_nobody_takes_it(void **state)
{
	struct fix *f = settled(state, 1);

	f->set.failback_jitter = 0;
	f->set.failback = 0;
	fix_maintenance(f, 1, true);
	fix_probed(f, false);
	fix_probed(f, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);

	/* ... and asks again, failback or not */
	assert_int_equal(fix_wait(f), INTERVAL_MS);
	asks(f, 2);
}


static void goes_at_once_to_what_stands_by(void **state)
{
	struct fix *f = *state;

	fix_stand_by(f, SERVERS);
	fix_maintenance(f, 1, true);
	moves(f, 1, 2);
}


static void no_check_of_a_primary_in_maintenance(void **state)
{
	struct fix *f = settled(state, 2);
	uint64_t when;

	fix_maintenance(f, 1, true);
	fix_decided_nothing(f);
	assert_false(policy_next(&f->p, &when));
	assert_false(fix_probe(f));

	fix_maintenance(f, 1, false);
	f->now = f->p.waitv[WAIT_CHECK];
	fix_tick(f);
	asks(f, 1);
}


static void answer_that_comes_too_late_counts_no_more(void **state)
{
	struct fix *f = settled(state, 2);

	fix_probe(f);
	asks(f, 1);
	fix_maintenance(f, 1, true);
	fix_probed(f, true);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 2);
}


static void taken_back_before_it_has_left(void **state)
{
	struct fix *f = settled(state, 1);

	fix_maintenance(f, 1, true);
	fix_maintenance(f, 1, false);
	fix_probed(f, true);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
}


static void round_leaves_it_for_the_end(void **state)
{
	struct fix *f = settled(state, 1);

	fix_maintenance(f, 2, true);
	fix_failed(f, 1);
	fix_switched(f, 1, 3);
	assert_false(f->d.maintenance);
	fix_failed(f, 3);
	fix_switched(f, 3, 2);
	assert_int_equal(fix_silence(f), TRANSACTION_MS);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


static void round_begins_with_another(void **state)
{
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	fix_maintenance(f, 1, true);
	assert_int_equal(fix_start(f), 2);
}


/* All others are dead: better than none. It is left when one is back. */
static void used_for_want_of_another(void **state)
{
	struct fix *f = settled(state, 2);

	f->set.failback_jitter = 0;
	fix_maintenance(f, 1, true);
	fix_failed(f, 2);
	fix_failed(f, 3);
	fix_switched(f, 3, 1);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 1);

	assert_int_equal(fix_wait(f), INTERVAL_MS);
	asks(f, 2);
	fix_probed(f, true);
	moves(f, 1, 2);
}


static void used_if_all_are_in_maintenance(void **state)
{
	struct fix *f = settled(state, 1);
	uint64_t when;

	fix_maintenance(f, 2, true);
	fix_maintenance(f, 3, true);
	fix_maintenance(f, 1, true);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_false(policy_next(&f->p, &when));

	fix_maintenance(f, 3, false);
	asks(f, 3);
}


static void left_as_soon_as_it_is_reached(void **state)
{
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	fix_start(f);
	fix_maintenance(f, 1, true);
	fix_is(f, POLICY_MOVING, 1);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 0);
	asks(f, 2);
}


static void does_not_stand_by(void **state)
{
	struct fix *f = *state;

	fix_stand_by(f, SERVERS);

	fix_maintenance(f, 2, true);
	assert_int_equal(f->p.standby, 0);
	assert_false(f->p.serverv[1].registered);
	fix_wait(f);
	assert_int_equal(f->d.standby, 3);

	/* a late answer does not bring it back */
	fix_standby_ok(f, 2, 3600);
	assert_int_equal(f->p.standby, 0);
}


static void another_after_an_outage(void **state)
{
	struct fix *f = settled(state, 2);

	fix_network_lost(f);
	fix_maintenance(f, 2, true);
	fix_network_back(f);
	fix_is(f, POLICY_MOVING, 1);
}


static void shown_in_place_of_its_health(void **state)
{
	struct fix *f = settled(state, 1);

	assert_string_equal(view_server(&f->p.serverv[0]), "up");
	fix_maintenance(f, 1, true);
	assert_string_equal(view_server(&f->p.serverv[0]), "maintenance");
	assert_false(fix_maintenance(f, 1, true));
	fix_decided_nothing(f);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(leaves_when_the_next_has_taken_it),
		TEST(asks_one_after_the_other),
		TEST(one_good_answer_is_enough),
		TEST(stays_if_nobody_takes_it),
		TEST(goes_at_once_to_what_stands_by),
		TEST(no_check_of_a_primary_in_maintenance),
		TEST(answer_that_comes_too_late_counts_no_more),
		TEST(taken_back_before_it_has_left),
		TEST(round_leaves_it_for_the_end),
		TEST(round_begins_with_another),
		TEST(used_for_want_of_another),
		TEST(used_if_all_are_in_maintenance),
		TEST(left_as_soon_as_it_is_reached),
		TEST(does_not_stand_by),
		TEST(another_after_an_outage),
		TEST(shown_in_place_of_its_health),
	};

	return cmocka_run_group_tests_name("maintenance", testv, NULL, NULL);
}
