/**
 * @file test_failback.c  Looking for the primary, and returning to it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "failback.h"
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "view.h"


static void returned(const struct fix *f, unsigned from)
{
	assert_int_equal(f->d.tell, TELL_FAILBACK);
	assert_int_equal(f->d.from, from);
	assert_int_equal(f->d.to, PRIMARY);
	assert_int_equal(f->d.register_with, PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);
}


static void checked(struct fix *f, bool good)
{
	assert_true(fix_probe(f));
	fix_probed(f, good);
}


static void check_is_due_after_the_interval(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 2);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 1800000);

	f->now = when - 1;
	fix_tick(f);
	fix_decided_nothing(f);

	assert_int_equal(fix_wait(f), 1);
	assert_true(f->d.probe);
	assert_true(f->p.probing);
	assert_int_equal(f->d.register_with, 0);
	fix_is(f, POLICY_SETTLED, 2);
	assert_false(policy_next(&f->p, &when));
}


static void check_is_lengthened_at_random(void **state)
{
	struct fix *f = *state;

	f->rnd = UINT32_MAX;
	fix_settle(f, 2);
	assert_int_equal(fix_wait(f), 1980000);
}


static void no_check_on_the_primary(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	assert_false(policy_next(&f->p, &when));
}


static void no_check_without_failback(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	f->set.failback = 0;
	fix_settle(f, 2);
	assert_false(policy_next(&f->p, &when));
}


static void check_from_any_other_server(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 3);
	fix_wait(f);
	assert_true(f->d.probe);
	fix_probed(f, true);
	returned(f, 3);
}


static void good_check_returns(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	fix_probed(f, true);
	returned(f, 2);
	assert_int_equal(f->p.counters.failbacks, 1);
	assert_int_equal(view_active(&f->p), 2);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);

	fix_ok(f);
	fix_is(f, POLICY_SETTLED, PRIMARY);
	assert_int_equal(f->p.counters.failovers, 1);
	assert_false(f->p.serverv[1].registered);
}


static void bad_check_stays(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	f->now += 32000;
	fix_probed(f, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_false(f->p.probing);
	assert_int_equal(f->p.serverv[0].health, HEALTH_DOWN);
	assert_string_equal(f->p.serverv[0].reason, "Connection timed out");
	assert_int_equal(fix_wait(f), 1800000);
	assert_true(f->d.probe);
}


/* 403: it lives, but would not take the account */
static void refused_check_stays(void **state)
{
	struct fix *f = *state;
	const struct outcome o = { .alive = true, .reason = "403 Forbidden" };
	struct decision d = {0};

	fix_settle(f, 2);
	fix_wait(f);
	failback_probed(&f->p, PRIMARY, &o, f->now, 0, &d);
	assert_int_equal(d.tell, TELL_NOTHING);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
	assert_int_equal(fix_wait(f), 1800000);
}


static void check_after(struct fix *f, uint64_t took_ms)
{
	const struct outcome o = {
		.ok      = true,
		.alive   = true,
		.took_ms = took_ms,
		.reason  = "200 OK",
	};

	fix_wait(f);
	memset(&f->d, 0, sizeof(f->d));
	failback_probed(&f->p, PRIMARY, &o, f->now, f->rnd, &f->d);
}


/* In use it would have been given up by then */
static void slow_check_stays(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	check_after(f, 9000);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
	assert_string_equal(f->p.serverv[0].reason,
			    "answers after 9.0 s, later than the 7.5 s that"
			    " it is given");

	check_after(f, 7501);
	fix_is(f, POLICY_SETTLED, 2);
	check_after(f, 7500);
	assert_int_equal(f->d.tell, TELL_FAILBACK);
	fix_is(f, POLICY_MOVING, 1);
}


static void slow_check_is_not_in_a_row(void **state)
{
	struct fix *f = *state;

	f->set.rise = 2;
	fix_settle(f, 2);
	check_after(f, 100);
	check_after(f, 9000);
	check_after(f, 100);
	fix_is(f, POLICY_SETTLED, 2);
	check_after(f, 100);
	fix_is(f, POLICY_MOVING, 1);
}


/* The user gives servers more time: then the same one is good */
static void slow_is_what_the_settings_say(void **state)
{
	struct fix *f = *state;

	f->set.timeout_s = 10;
	fix_settle(f, 2);
	check_after(f, 9000);
	fix_is(f, POLICY_MOVING, 1);
}


/* No memory, no descriptor: the primary has nothing to do with it */
static void check_that_was_not_sent_tells_nothing(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	assert_true(f->d.probe);
	failback_not_sent(&f->p, f->now, f->rnd);
	assert_string_equal(f->p.serverv[0].reason, "503 Service Unavailable");
	assert_int_equal(fix_wait(f), 1800000);
	assert_true(f->d.probe);
}


static void rise_of_3(void **state)
{
	struct fix *f = *state;

	f->set.rise = 3;
	fix_settle(f, 2);

	for (unsigned i = 1; i < 3; i++) {
		fix_wait(f);
		fix_probed(f, true);
		fix_decided_nothing(f);
		fix_is(f, POLICY_SETTLED, 2);
	}

	fix_wait(f);
	fix_probed(f, true);
	returned(f, 2);
	assert_int_equal(f->p.counters.failbacks, 1);
}


static void rise_counts_in_a_row_only(void **state)
{
	struct fix *f = *state;

	f->set.rise = 2;
	fix_settle(f, 2);
	checked(f, true);
	checked(f, false);
	checked(f, true);
	fix_decided_nothing(f);
	checked(f, true);
	returned(f, 2);
}


/* A row of good checks ends when the account moves */
static void rise_begins_anew_after_a_move(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	f->set.rise = 2;
	fix_settle(f, 2);
	checked(f, true);
	fix_switch(f, 3);
	fix_ok(f);
	checked(f, true);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 3);
}


static void no_check_while_moving(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	f->now = f->p.waitv[WAIT_CHECK] - 10;
	fix_failed(f, 2);
	fix_is(f, POLICY_MOVING, 1);
	f->now += 20;
	fix_tick(f);
	fix_decided_nothing(f);
}


static void check_that_ends_while_moving_is_ignored(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	fix_failed(f, 2);
	fix_probed(f, true);
	fix_decided_nothing(f);
	fix_is(f, POLICY_MOVING, 1);
	assert_false(f->p.probing);
}


static void check_that_ends_when_down_is_ignored(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	fix_failed(f, 2);
	fix_failed(f, 1);
	assert_int_equal(f->p.state, POLICY_DOWN);
	fix_probed(f, true);
	fix_decided_nothing(f);
	assert_int_equal(f->p.state, POLICY_DOWN);
}


/* The primary answers the check and then not the REGISTER */
static void failed_return_goes_on_to_the_backup(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	fix_probed(f, true);
	assert_int_equal(fix_wait(f), 7500);
	assert_int_equal(f->d.tell, TELL_SWITCH);
	assert_int_equal(f->d.register_with, 2);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(fix_wait(f), 2 * 1800000);
	assert_true(f->d.probe);
}


/* A check and a refresh may be due at the same moment */
static void check_and_silence_together(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	f->now = f->p.waitv[WAIT_CHECK] - 7500;
	register_sent(&f->p, 2, f->now);
	assert_int_equal(fix_wait(f), 7500);
	assert_int_equal(f->d.register_with, 1);
	assert_int_equal(fix_wait(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


/* failover_set: the user has just said that he does not want it */
static void failback_turned_off_while_a_check_is_due(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 2);
	f->set.failback = 0;

	if (policy_next(&f->p, &when))
		fix_wait(f);

	assert_false(f->d.probe);
}


/*
 * failover_probe
 */

static void probe_on_the_backup(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	assert_true(fix_probe(f));
	assert_true(f->d.probe);
	fix_probed(f, true);
	returned(f, 2);
}


static void probe_while_one_is_under_way(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	assert_true(fix_probe(f));
	assert_true(fix_probe(f));
	assert_false(f->d.probe);
}


static void probe_takes_the_place_of_the_next_check(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	f->now += 1000000;
	fix_probe(f);
	fix_probed(f, false);
	assert_int_equal(fix_wait(f), 1800000);
}


static void probe_on_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	assert_false(fix_probe(f));
	fix_decided_nothing(f);
}


static void probe_while_moving(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	assert_false(fix_probe(f));
	fix_decided_nothing(f);
}


static void probe_when_idle(void **state)
{
	struct fix *f = *state;

	assert_false(fix_probe(f));
	fix_decided_nothing(f);
}


static void probe_when_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	assert_true(fix_probe(f));
	assert_false(f->d.probe);
	assert_int_equal(f->d.register_with, PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);
}


/* registering_stopped() ends the check; nobody will tell of its end */
static void unregistering_ends_the_check(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_probe(f);
	policy_unregistered(&f->p);
	fix_settle(f, 2);
	assert_true(fix_probe(f));
	assert_true(f->d.probe);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(check_is_due_after_the_interval),
		TEST(check_is_lengthened_at_random),
		TEST(no_check_on_the_primary),
		TEST(no_check_without_failback),
		TEST(check_from_any_other_server),
		TEST(good_check_returns),
		TEST(bad_check_stays),
		TEST(refused_check_stays),
		TEST(slow_check_stays),
		TEST(slow_check_is_not_in_a_row),
		TEST(slow_is_what_the_settings_say),
		TEST(check_that_was_not_sent_tells_nothing),
		TEST(rise_of_3),
		TEST(rise_counts_in_a_row_only),
		TEST(rise_begins_anew_after_a_move),
		TEST(no_check_while_moving),
		TEST(check_that_ends_while_moving_is_ignored),
		TEST(check_that_ends_when_down_is_ignored),
		TEST(failed_return_goes_on_to_the_backup),
		TEST(check_and_silence_together),
		TEST(failback_turned_off_while_a_check_is_due),
		TEST(probe_on_the_backup),
		TEST(probe_while_one_is_under_way),
		TEST(probe_takes_the_place_of_the_next_check),
		TEST(probe_on_the_primary),
		TEST(probe_while_moving),
		TEST(probe_when_idle),
		TEST(probe_when_down),
		TEST(unregistering_ends_the_check),
	};

	return cmocka_run_group_tests_name("failback", testv, NULL, NULL);
}
