/**
 * @file test_places.c  Servers of equal rank, and servers that are gone
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "failback.h"
#include "fixture.h"
#include "maintenance.h"
#include "policy.h"
#include "renumber.h"
#include "view.h"


enum {
	GIVEUP_MS = 7500,
};


/* Two servers of the best priority, two of the next one */
static const struct policy_place placev[] = {
	{ .rank = 1, .sought = true },
	{ .rank = 1, .sought = true },
	{ .rank = 3, .sought = true },
	{ .rank = 3, .sought = true },
};


static struct fix *settled(void **state, unsigned server)
{
	struct fix *f = *state;

	f->set.failback_jitter = 0;
	fix_servers(f, 4);

	for (unsigned i = 1; i <= 4; i++)
		state_place(&f->p, i, &placev[i - 1]);

	fix_settle(f, server);

	return f;
}


static void probes(const struct fix *f, unsigned server)
{
	assert_int_equal(f->d.probe, server);
	assert_int_equal(f->p.probing, server);
}


static void equals_are_not_left_for_each_other(void **state)
{
	struct fix *f = settled(state, 2);

	assert_false(policy_waits(&f->p, WAIT_CHECK));
	assert_false(fix_probe(f));
	assert_string_equal(view_statename(&f->p), "primary");
}


static void the_best_that_lives(void **state)
{
	struct fix *f = settled(state, 4);

	assert_string_equal(view_statename(&f->p), "backup");
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
	assert_int_equal(failback_given_ms(&f->p, f->now), GIVEUP_MS);

	fix_probed(f, false);
	probes(f, 2);
	assert_int_equal(failback_given_ms(&f->p, f->now), TRANSACTION_MS);

	fix_probed(f, true);
	assert_int_equal(f->d.tell, TELL_FAILBACK);
	fix_is(f, POLICY_MOVING, 2);
	fix_ok(f);
	assert_false(policy_waits(&f->p, WAIT_CHECK));
}


static void none_lives(void **state)
{
	struct fix *f = settled(state, 3);

	(void)fix_wait(f);
	fix_probed(f, false);
	probes(f, 2);
	fix_probed(f, false);
	fix_decided_nothing(f);
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
}


/* Each has its own row of good checks */
static void good_checks_are_counted_for_each(void **state)
{
	struct fix *f = settled(state, 3);

	f->set.rise = 2;
	(void)fix_wait(f);
	fix_probed(f, false);
	fix_probed(f, true);
	fix_is(f, POLICY_SETTLED, 3);

	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
	fix_probed(f, false);
	probes(f, 2);
	fix_probed(f, true);
	fix_is(f, POLICY_MOVING, 2);
}


static void one_good_check_of_two_asks_no_other(void **state)
{
	struct fix *f = settled(state, 3);

	f->set.rise = 2;
	(void)fix_wait(f);
	fix_probed(f, true);
	fix_decided_nothing(f);
	(void)fix_wait(f);
	probes(f, 1);
	fix_probed(f, true);
	fix_is(f, POLICY_MOVING, 1);
}


static void one_that_wants_to_be_left_alone_is_passed_over(void **state)
{
	struct fix *f = settled(state, 3);

	policy_retry_after(&f->p, 1, 3600, f->now);
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 2);
	fix_probed(f, false);
	fix_decided_nothing(f);

	/* both: not before the first of them may be asked */
	policy_retry_after(&f->p, 2, 3000, f->now);
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
}


static void of_those_by_hand_only_the_first(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 3);
	(void)fix_wait(f);
	probes(f, 1);
	fix_probed(f, false);
	fix_decided_nothing(f);
}


/* One that is gone is the last, and is left when another has taken the
   account */
static void gone(struct fix *f, unsigned server)
{
	struct renumber rn = { .serverc = 4, .by_dns = true };
	unsigned n = 0;

	for (unsigned i = 1; i <= 4; i++) {
		if (i != server) {
			rn.placev[n]  = placev[i - 1];
			rn.fromv[n++] = i;
		}
	}

	rn.fromv[3]  = server;
	rn.placev[3] = (struct policy_place) { .rank = 4, .gone = true };

	memset(&f->d, 0, sizeof(f->d));
	renumber_policy(&f->p, &rn, false, f->now, f->rnd, &f->d);
}


static void one_that_is_gone_is_left_in_order(void **state)
{
	struct fix *f = settled(state, 1);

	gone(f, 1);
	fix_is(f, POLICY_SETTLED, 4);
	probes(f, 1);
	assert_int_equal(f->d.register_with, 0);

	fix_probed(f, false);
	probes(f, 2);
	fix_probed(f, true);
	fix_switched(f, 4, 2);
	assert_true(f->d.gone);
	assert_int_equal(f->p.counters.failbacks, 0);
	assert_int_equal(f->p.counters.failovers, 0);
}


/* ... also if the user does not want failback; and if no other takes it, the
   account stays */
static void it_is_better_than_none(void **state)
{
	struct fix *f = settled(state, 1);

	f->set.failback = 0;
	gone(f, 1);

	for (unsigned i = 1; i <= 3; i++) {
		probes(f, i);
		fix_probed(f, false);
	}

	fix_is(f, POLICY_SETTLED, 4);
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
}


static void one_that_is_gone_and_not_in_use(void **state)
{
	struct fix *f = settled(state, 1);

	gone(f, 2);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);

	/* the last that a round asks */
	fix_failed(f, 1);
	fix_failed(f, 2);
	fix_failed(f, 3);
	fix_is(f, POLICY_MOVING, 4);
}


/* A better one has joined: it is looked for after the interval */
static void a_better_one_joins(void **state)
{
	const struct renumber rn = {
		.fromv   = { 0, 1, 2, 3 },
		.placev  = { { .rank = 1, .sought = true },
			     { .rank = 2, .sought = true },
			     { .rank = 2, .sought = true },
			     { .rank = 4, .sought = true } },
		.serverc = 4,
		.by_dns  = true,
	};
	struct fix *f = settled(state, 1);

	memset(&f->d, 0, sizeof(f->d));
	renumber_policy(&f->p, &rn, false, f->now, f->rnd, &f->d);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(fix_wait(f), 1800000);
	probes(f, 1);
	fix_probed(f, true);
	fix_is(f, POLICY_MOVING, 1);
}


/* DNS answers while the name itself is being tried: no news for the user */
static void names_are_told_at_start(void **state)
{
	const struct renumber rn = {
		.fromv   = { 0, 0, 2 },
		.serverc = 3,
		.by_dns  = true,
	};
	struct fix *f = *state;

	assert_int_equal(fix_start(f), 1);
	memset(&f->d, 0, sizeof(f->d));
	renumber_policy(&f->p, &rn, false, f->now, f->rnd, &f->d);
	assert_int_equal(f->d.tell, TELL_NOTHING);
	assert_int_equal(f->d.register_with, 1);
	fix_is(f, POLICY_MOVING, 1);
}


static void names_are_looked_up_before_a_round(void **state)
{
	struct fix *f = settled(state, 1);

	fix_failed(f, 1);
	assert_true(f->d.look_up);
	fix_failed(f, 2);
	assert_false(f->d.look_up);
	fix_failed(f, 3);
	fix_failed(f, 4);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
	(void)fix_wait(f);
	assert_int_equal(f->d.register_with, 1);
	assert_true(f->d.look_up);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(equals_are_not_left_for_each_other),
		TEST(the_best_that_lives),
		TEST(none_lives),
		TEST(good_checks_are_counted_for_each),
		TEST(one_good_check_of_two_asks_no_other),
		TEST(one_that_wants_to_be_left_alone_is_passed_over),
		TEST(of_those_by_hand_only_the_first),
		TEST(one_that_is_gone_is_left_in_order),
		TEST(it_is_better_than_none),
		TEST(one_that_is_gone_and_not_in_use),
		TEST(a_better_one_joins),
		TEST(names_are_told_at_start),
		TEST(names_are_looked_up_before_a_round),
	};

	return cmocka_run_group_tests_name("places", testv, NULL, NULL);
}
