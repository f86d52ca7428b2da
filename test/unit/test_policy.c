/**
 * @file test_policy.c  Starting, stale evidence, refusals
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "view.h"


/*
 * Start
 */

static void nothing_is_known_at_first(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_is(f, POLICY_IDLE, PRIMARY);
	assert_int_equal(view_active(&f->p), 0);
	assert_false(policy_next(&f->p, &when));

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(f->p.serverv[i].health, HEALTH_UNKNOWN);
		assert_string_equal(f->p.serverv[i].reason, "not tried yet");
	}
}


static void idle_takes_no_evidence(void **state)
{
	struct fix *f = *state;
	const struct policy before = f->p;

	fix_ok(f);
	fix_decided_nothing(f);
	fix_refused(f);
	fix_failed(f, 1);
	fix_decided_nothing(f);
	fix_probed(f, true);
	fix_decided_nothing(f);
	fix_network_back(f);
	fix_decided_nothing(f);
	fix_tick(f);
	fix_decided_nothing(f);
	register_sent(&f->p, 1, f->now);
	fix_resent(f, 1);

	assert_memory_equal(&f->p, &before, sizeof(before));
}


static void begins_with_the_primary(void **state)
{
	struct fix *f = *state;

	assert_int_equal(fix_start(f), PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);
	assert_int_equal(view_active(&f->p), 0);
}


static void settles_on_an_answer(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_int_equal(view_active(&f->p), 1);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
	assert_int_equal(f->p.serverv[0].since, f->now);
	assert_true(f->p.serverv[0].registered);
	assert_false(f->p.serverv[1].registered);
	assert_string_equal(f->p.serverv[0].reason, "200 OK");
	assert_false(policy_next(&f->p, &when));
}


static void a_verdict_tells_where_the_account_is(void **state)
{
	struct fix *f = *state;
	const uint64_t before = f->now;

	f->now += 1000;
	fix_settle(f, 1);
	assert_int_equal(policy_failed(&f->p, 1, before, f->now, f->rnd,
				       "old", &f->d), VERDICT_VOID);

	f->set.fall = 2;
	assert_int_equal(fix_failed(f, 1), VERDICT_STAYS);
	assert_int_equal(fix_failed(f, 1), VERDICT_MOVES);
	assert_int_equal(fix_failed(f, 2), VERDICT_STAYS);
	fix_is(f, POLICY_DOWN, 2);
}


/*
 * Refused
 */

/*
 * Stale evidence
 */

static void failure_of_another_server_is_ignored(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_failed(f, 2);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
}


static void failure_from_before_the_choice_is_ignored(void **state)
{
	struct fix *f = *state;
	const uint64_t before = f->now - 1;
	struct decision d = {0};

	fix_start(f);
	policy_failed(&f->p, 1, before, f->now + 50, 0, "late", &d);
	assert_int_equal(d.tell, TELL_NOTHING);
	assert_int_equal(d.register_with, 0);
	fix_is(f, POLICY_MOVING, 1);
}


static void failure_of_the_same_moment_counts(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


/* Two requests fail at once: one move, not two */
static void no_double_failover(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 1);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
	fix_failed(f, 1);
	fix_decided_nothing(f);
	fix_is(f, POLICY_MOVING, 2);
}


/* To and fro: what was sent on the first visit says nothing of the second */
static void failure_of_an_earlier_visit_is_ignored(void **state)
{
	struct fix *f = *state;
	struct decision d = {0};
	uint64_t first;

	fix_settle(f, 1);
	first = f->now;
	f->now += 1000;
	fix_switch(f, 2);
	fix_ok(f);
	f->now += 1000;
	fix_switch(f, 1);
	fix_ok(f);
	policy_failed(&f->p, 1, first, f->now, 0, "late", &d);
	assert_int_equal(d.tell, TELL_NOTHING);
	fix_is(f, POLICY_SETTLED, 1);
}


static void refused_settles(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_start(f);
	fix_refused(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_int_equal(view_active(&f->p), 1);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
	assert_false(f->p.serverv[0].registered);
	assert_string_equal(f->p.serverv[0].reason, "403 Forbidden");
	assert_int_equal(f->p.counters.failovers, 0);
	assert_false(policy_next(&f->p, &when));
}


static void refused_by_the_backup_still_looks_for_the_primary(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_failed(f, 1);
	fix_refused(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(fix_wait(f), 1800000);
	assert_true(f->d.probe);
}


static void refused_refresh_is_not_registered(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	fix_refused(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_false(f->p.serverv[0].registered);
}


/*
 * Views
 */

static const char *health_name(enum health health)
{
	const struct policy_server srv = { .health = health };

	return view_server(&srv);
}


static void names_of_states(void **state)
{
	struct fix *f = *state;

	assert_string_equal(view_statename(&f->p), "down");
	fix_start(f);
	assert_string_equal(view_statename(&f->p), "moving");
	fix_ok(f);
	assert_string_equal(view_statename(&f->p), "primary");
	fix_failed(f, 1);
	fix_ok(f);
	assert_string_equal(view_statename(&f->p), "backup");
	assert_string_equal(health_name(HEALTH_UP), "up");
	assert_string_equal(health_name(HEALTH_DOWN), "down");
	assert_string_equal(health_name(HEALTH_UNKNOWN), "unknown");
}


static void long_reason_is_cut(void **state)
{
	struct fix *f = *state;
	struct decision d = {0};
	char text[2 * REASON_SIZE];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = 'x';
	text[sizeof(text) - 1] = '\0';

	fix_start(f);
	policy_failed(&f->p, 1, f->now, f->now, 0, text, &d);
	assert_int_equal(f->p.serverv[0].reason[REASON_SIZE - 2], 'x');
	assert_int_equal(f->p.serverv[0].reason[REASON_SIZE - 1], '\0');
}


static void health_keeps_its_date(void **state)
{
	struct fix *f = *state;
	uint64_t since;

	fix_settle(f, 1);
	since = f->p.serverv[0].since;
	f->now += 1000;
	register_sent(&f->p, 1, f->now);
	fix_ok(f);
	assert_int_equal(f->p.serverv[0].since, since);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(nothing_is_known_at_first),
		TEST(idle_takes_no_evidence),
		TEST(begins_with_the_primary),
		TEST(settles_on_an_answer),
		TEST(failure_of_another_server_is_ignored),
		TEST(failure_from_before_the_choice_is_ignored),
		TEST(failure_of_the_same_moment_counts),
		TEST(no_double_failover),
		TEST(failure_of_an_earlier_visit_is_ignored),
		TEST(a_verdict_tells_where_the_account_is),
		TEST(refused_settles),
		TEST(refused_by_the_backup_still_looks_for_the_primary),
		TEST(refused_refresh_is_not_registered),
		TEST(names_of_states),
		TEST(long_reason_is_cut),
		TEST(health_keeps_its_date),
	};

	return cmocka_run_group_tests_name("policy", testv, NULL, NULL);
}
