/**
 * @file test_rounds.c  Leaving a server, and rounds through all of them
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "view.h"


/*
 * A silent server
 */

static void silent_primary_is_left_after_7500_ms(void **state)
{
	struct fix *f = *state;
	const uint64_t start = f->now;

	fix_start(f);
	fix_resent(f, 1);
	fix_resent(f, 1);
	fix_resent(f, 1);

	f->now = start + 7499;
	fix_tick(f);
	fix_decided_nothing(f);

	assert_int_equal(fix_silence(f), 1);
	assert_int_equal(f->now, start + 7500);
	fix_switched(f, 1, 2);
	assert_string_equal(f->p.serverv[0].reason,
			    "REGISTER not answered, sent 4 times in 7.5 s");
	assert_int_equal(f->p.serverv[0].health, HEALTH_DOWN);
	assert_int_equal(f->p.serverv[0].since, f->now);
	assert_int_equal(f->p.counters.failovers, 1);
	assert_int_equal(view_active(&f->p), 0);
}


static void silent_over_tcp_is_told_without_a_count(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_silence(f);
	assert_string_equal(f->p.serverv[0].reason,
			    "REGISTER not answered in 7.5 s");
}


static void silent_by_time(void **state)
{
	struct fix *f = *state;

	f->set.timeout_s = 2;
	fix_start(f);
	assert_int_equal(fix_silence(f), 2000);
	fix_switched(f, 1, 2);
}


static void a_changed_setting_counts_at_once(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	f->set.retries = 0;
	assert_int_equal(fix_silence(f), 500);
}


static void retransmissions_of_others_do_not_count(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_resent(f, 2);
	register_sent(&f->p, 2, f->now);
	assert_int_equal(f->p.sends, 1);
}


/* The answer to a challenge is a new request, with a time of its own */
static void credentials_begin_a_new_time(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_start(f);
	f->now += 3000;
	register_answered(&f->p, 1);
	assert_false(policy_next(&f->p, &when));

	register_sent(&f->p, 1, f->now);
	assert_int_equal(f->p.sends, 1);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
}


/*
 * Rounds
 */

static void round_of(struct fix *f, unsigned serverc)
{
	fix_servers(f, serverc);
	assert_int_equal(fix_start(f), 1);

	for (unsigned i = 1; i < serverc; i++) {
		assert_int_equal(fix_silence(f), 7500);
		fix_switched(f, i, i + 1);
		assert_int_equal(f->p.counters.failovers, i);
	}

	assert_int_equal(fix_silence(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
	assert_int_equal(f->d.register_with, 0);
	assert_int_equal(f->d.from, serverc);
	assert_int_equal(f->d.to, 0);
	assert_int_equal(f->p.state, POLICY_DOWN);
	assert_int_equal(f->p.counters.exhausted, 1);
	assert_int_equal(f->p.counters.failovers, serverc - 1);
	assert_int_equal(view_active(&f->p), 0);
}


static void round_of_2(void **state)
{
	round_of(*state, 2);
}


static void round_of_3(void **state)
{
	round_of(*state, 3);
}


static void round_of_8(void **state)
{
	round_of(*state, MAX_SERVERS);
}


static void last_gets_64_t1_whatever_the_settings(void **state)
{
	struct fix *f = *state;

	f->set.timeout_s = 1;
	fix_start(f);
	assert_int_equal(fix_silence(f), 1000);
	assert_int_equal(fix_silence(f), 32000);
}


/* From server 2 of 3: the primary, then 3, which is the last */
static void round_from_the_middle(void **state)
{
	struct fix *f = *state;

	fix_servers(f, 3);
	fix_settle(f, 2);
	fix_failed(f, 2);
	fix_switched(f, 2, 1);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 3);
	assert_int_equal(fix_silence(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


/* The refresh alone is not yet a round: it gets the usual time */
static void backup_of_two_fails(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	register_sent(&f->p, 2, f->now);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 2, 1);
	assert_int_equal(fix_silence(f), 32000);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
}


static void down_begins_again_with_the_primary(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	assert_string_equal(view_statename(&f->p), "down");
	assert_int_equal(fix_wait(f), 30000);
	assert_int_equal(f->d.register_with, PRIMARY);
	assert_int_equal(f->d.tell, TELL_NOTHING);
	fix_is(f, POLICY_MOVING, PRIMARY);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
	assert_int_equal(fix_silence(f), 32000);
}


static void waits_grow_with_each_failed_round(void **state)
{
	static const uint64_t lower_sv[] = { 30, 60, 120, 240, 480, 900, 900 };
	struct fix *f = *state;

	fix_down(f);

	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(fix_wait(f), lower_sv[i] * 1000);
		fix_failed(f, 1);
		fix_failed(f, 2);
		assert_int_equal(f->p.counters.exhausted, i + 2);
	}

	f->rnd = UINT32_MAX;
	fix_wait(f);
	fix_failed(f, 1);
	fix_failed(f, 2);
	assert_int_equal(fix_wait(f), 1800000);
}


static void an_answer_ends_the_row_of_failed_rounds(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	fix_wait(f);
	fix_failed(f, 1);
	fix_failed(f, 2);
	fix_wait(f);
	fix_ok(f);
	fix_failed(f, 1);
	fix_failed(f, 2);
	assert_int_equal(fix_wait(f), 30000);
}


static void late_answer_ends_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(view_active(&f->p), 2);
}


static void down_takes_no_failure(void **state)
{
	struct fix *f = *state;
	uint64_t restart;

	fix_down(f);
	restart = f->p.waitv[WAIT_ROUND];
	f->now += 100;
	fix_failed(f, 2);
	fix_decided_nothing(f);
	assert_int_equal(f->p.waitv[WAIT_ROUND], restart);
	assert_int_equal(f->p.counters.exhausted, 1);
}


static void network_back_ends_the_waiting(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	f->now += 100;
	fix_network_back(f);
	assert_int_equal(f->d.register_with, PRIMARY);
	fix_is(f, POLICY_MOVING, PRIMARY);

	fix_failed(f, 1);
	fix_failed(f, 2);
	assert_int_equal(fix_wait(f), 30000);
}


/*
 * Refreshes
 */

static void refresh_answered(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	f->now += 3000000;
	register_sent(&f->p, 1, f->now);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 7500);

	f->now += 20;
	fix_ok(f);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_false(policy_next(&f->p, &when));
}


static void refresh_unanswered(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	f->now += 3000000;
	register_sent(&f->p, 1, f->now);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
	assert_int_equal(view_active(&f->p), 1);
	assert_false(f->p.serverv[0].registered);
}


static void answer_keeps_the_backup_and_its_check(void **state)
{
	struct fix *f = *state;
	uint64_t check;

	fix_settle(f, 2);
	check = f->p.waitv[WAIT_CHECK];
	f->now += 1000;
	register_sent(&f->p, 2, f->now);
	fix_ok(f);
	assert_int_equal(f->p.waitv[WAIT_CHECK], check);
}


/*
 * fall
 */

static void fall_of_3(void **state)
{
	struct fix *f = *state;

	f->set.fall = 3;
	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);

	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(fix_silence(f), 7500);
		fix_is(f, POLICY_SETTLED, 1);
		assert_int_equal(f->d.tell, TELL_NOTHING);
		assert_int_equal(f->d.register_with, 1);
		register_sent(&f->p, 1, f->now);
		assert_int_equal(f->p.sends, 1);
	}

	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
	assert_int_equal(f->p.counters.failovers, 1);
}


static void fall_counts_in_a_row_only(void **state)
{
	struct fix *f = *state;

	f->set.fall = 2;
	fix_settle(f, 1);
	fix_failed(f, 1);
	assert_int_equal(f->d.register_with, 1);
	fix_ok(f);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
	fix_failed(f, 1);
	fix_is(f, POLICY_SETTLED, 1);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


/* A request of one kind that fails again, while those of another go well */
static void fall_counts_before(void **state)
{
	struct fix *f = *state;

	f->set.fall = 3;
	fix_settle(f, 1);

	for (unsigned i = 0; i < 2; i++) {
		policy_failed_before(&f->p, 1, i);
		fix_failed(f, 1);
		fix_is(f, POLICY_SETTLED, 1);
		fix_ok(f);
	}

	policy_failed_before(&f->p, 2, 9);      /* not the one in use */
	policy_failed_before(&f->p, 1, 2);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


static void fall_is_for_the_server_in_use(void **state)
{
	struct fix *f = *state;

	f->set.fall = 10;
	fix_start(f);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(silent_primary_is_left_after_7500_ms),
		TEST(silent_over_tcp_is_told_without_a_count),
		TEST(silent_by_time),
		TEST(a_changed_setting_counts_at_once),
		TEST(retransmissions_of_others_do_not_count),
		TEST(credentials_begin_a_new_time),
		TEST(round_of_2),
		TEST(round_of_3),
		TEST(round_of_8),
		TEST(last_gets_64_t1_whatever_the_settings),
		TEST(round_from_the_middle),
		TEST(backup_of_two_fails),
		TEST(down_begins_again_with_the_primary),
		TEST(waits_grow_with_each_failed_round),
		TEST(an_answer_ends_the_row_of_failed_rounds),
		TEST(late_answer_ends_down),
		TEST(down_takes_no_failure),
		TEST(network_back_ends_the_waiting),
		TEST(refresh_answered),
		TEST(refresh_unanswered),
		TEST(answer_keeps_the_backup_and_its_check),
		TEST(fall_of_3),
		TEST(fall_counts_in_a_row_only),
		TEST(fall_counts_before),
		TEST(fall_is_for_the_server_in_use),
	};

	return cmocka_run_group_tests_name("rounds", testv, NULL, NULL);
}
