/**
 * @file test_outage.c  The phone's own side: network, address, sleep
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "state.h"
#include "view.h"


enum {
	HOUR_MS = 3600 * 1000,
	SECOND_MS = 1000,
};


/* Nobody has been blamed for anything */
static void check_no_verdict(const struct fix *f)
{
	for (unsigned i = 0; i < f->p.serverc; i++)
		assert_int_not_equal(f->p.serverv[i].health, HEALTH_DOWN);

	assert_int_equal(f->p.counters.failovers, 0);
	assert_int_equal(f->p.counters.exhausted, 0);
	assert_int_equal(f->d.tell, TELL_NOTHING);
}


static void check_registers_with(const struct fix *f, unsigned server)
{
	assert_int_equal(f->d.register_with, server);
	assert_int_equal(f->p.target, server);
	assert_true(policy_waits(&f->p, WAIT_ANSWER));
	assert_int_equal(f->p.pending_since, f->now);
}


/*
 * No network
 */

static void offline_waits_and_blames_nobody(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	f->now += SECOND_MS;
	fix_network_lost(f);
	fix_decided_nothing(f);
	assert_int_equal(f->p.state, POLICY_OFFLINE);
	assert_string_equal(view_statename(&f->p), "down");
	assert_int_equal(view_active(&f->p), 0);
	assert_false(f->p.serverv[0].registered);

	fix_failed(f, 1);
	fix_failed(f, 2);
	fix_decided_nothing(f);
	check_no_verdict(f);
	assert_int_equal(f->p.serverv[0].health, HEALTH_UP);
}


static void back_on_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_network_lost(f);
	f->now += HOUR_MS / 100;
	fix_network_back(f);
	check_registers_with(f, 1);
	fix_ok(f);
	check_no_verdict(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_false(policy_waits(&f->p, WAIT_CHECK));
}


/* Registered at once, and the primary is looked for at once */
static void back_on_the_backup_looks_for_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_network_lost(f);
	f->now += SECOND_MS;
	fix_network_back(f);
	check_registers_with(f, 2);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_int_equal(fix_wait(f), 0);
	assert_true(f->d.probe);
	fix_probed(f, true);
	assert_int_equal(f->d.tell, TELL_FAILBACK);
	fix_is(f, POLICY_MOVING, 1);
}


static void the_next_look_is_after_the_interval_again(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_network_lost(f);
	fix_network_back(f);
	fix_ok(f);
	fix_wait(f);
	fix_probed(f, false);
	assert_int_equal(fix_wait(f), 1800 * SECOND_MS);
}


static void back_without_failback_stays(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	f->set.failback = 0;
	fix_settle(f, 2);
	fix_network_lost(f);
	fix_network_back(f);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_false(policy_next(&f->p, &when));
}


static void back_heeds_retry_after(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	policy_retry_after(&f->p, 1, 60, f->now);
	fix_network_lost(f);
	fix_network_back(f);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 60 * SECOND_MS);
	assert_true(f->d.probe);
}


/* What was under way began in the outage for all that is known */
static void back_while_moving_begins_with_the_primary(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_failed(f, 1);
	fix_is(f, POLICY_MOVING, 2);
	fix_network_lost(f);
	fix_network_back(f);
	check_registers_with(f, 1);
	fix_is(f, POLICY_MOVING, 1);
}


static void backup_gone_meanwhile(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_network_lost(f);
	fix_network_back(f);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 2, 1);
}


/* The network may not carry everything yet: a switch that is just learning */
static void primary_given_up_just_after_the_return(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_network_lost(f);
	fix_network_back(f);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 0);
	assert_true(f->d.probe);
}


static void evidence_from_before_is_void(void **state)
{
	struct fix *f = *state;
	const uint64_t before = f->now;

	fix_settle(f, 1);
	f->now += SECOND_MS;
	fix_network_back(f);
	policy_failed(&f->p, 1, before, f->now, 0, "old", &f->d);
	policy_failed(&f->p, 2, before, f->now, 0, "old", &f->d);
	fix_is(f, POLICY_SETTLED, 1);
	check_no_verdict(f);
}


/* Whoever looks for a network may be mistaken */
static void offline_tries_from_time_to_time(void **state)
{
	static const uint64_t lower_sv[] = { 30, 60, 120 };
	struct fix *f = *state;

	fix_settle(f, 2);

	for (unsigned i = 0; i < 3; i++) {
		fix_network_lost(f);
		assert_int_equal(fix_wait(f), lower_sv[i] * SECOND_MS);
		check_registers_with(f, 2);
	}

	fix_network_lost(f);
	fix_network_back(f);
	check_registers_with(f, 2);
	fix_network_lost(f);
	assert_int_equal(fix_wait(f), 30 * SECOND_MS);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
}


static void lost_twice_is_lost_once(void **state)
{
	struct fix *f = *state;
	uint64_t restart;

	fix_settle(f, 1);
	fix_network_lost(f);
	restart = f->p.waitv[WAIT_ROUND];
	f->now += SECOND_MS;
	fix_network_lost(f);
	assert_int_equal(f->p.waitv[WAIT_ROUND], restart);
}


static void orders_without_a_network(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_network_lost(f);
	fix_switch(f, 2);
	check_registers_with(f, 2);
	fix_network_lost(f);
	fix_network_back(f);
	check_registers_with(f, 2);

	fix_network_lost(f);
	assert_true(fix_probe(f));
	check_registers_with(f, 2);
	fix_network_lost(f);

	policy_unregistered(&f->p);
	fix_network_back(f);
	fix_decided_nothing(f);
	assert_int_equal(f->p.state, POLICY_IDLE);
	fix_network_lost(f);
	assert_int_equal(f->p.state, POLICY_IDLE);
}


static void baresip_registers_anew_by_itself(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_network_lost(f);
	assert_int_equal(fix_start(f), 2);
	fix_is(f, POLICY_MOVING, 2);
}


/*
 * Sleep
 */

static void slept_on_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 3333 * SECOND_MS, 3000 * SECOND_MS);
	f->now += HOUR_MS;
	fix_woke(f);
	check_registers_with(f, 1);
	check_no_verdict(f);
	fix_tick(f);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	fix_ok(f);
}


static void slept_on_the_backup(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	f->now += HOUR_MS;
	fix_woke(f);
	check_registers_with(f, 2);
	fix_tick(f);
	fix_decided_nothing(f);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 0);
	assert_true(f->d.probe);
}


static void slept_with_a_request_under_way(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	f->now += HOUR_MS;
	fix_woke(f);
	fix_tick(f);
	fix_decided_nothing(f);
	check_no_verdict(f);
	fix_is(f, POLICY_SETTLED, 1);
}


static void slept_while_moving(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	f->now += HOUR_MS;
	fix_woke(f);
	check_registers_with(f, 1);
	check_no_verdict(f);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
}


static void slept_while_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	f->now += HOUR_MS;
	fix_woke(f);
	check_registers_with(f, 1);
	assert_int_equal(f->p.counters.exhausted, 1);
}


static void slept_while_looking_for_the_primary(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 2);
	fix_wait(f);
	assert_true(f->p.probing);
	f->now += HOUR_MS;
	fix_woke(f);
	assert_false(f->p.probing);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 0);
	assert_true(f->d.probe);
}


static void woke_without_a_network(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_network_lost(f);
	f->now += HOUR_MS;
	fix_woke(f);
	fix_decided_nothing(f);
	assert_int_equal(f->p.state, POLICY_OFFLINE);
}


/* The process was stopped: nobody tells, but its timer is late */
static void stopped_with_a_request_under_way(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	f->now += 7500 + STALL_MS + 1;
	fix_tick(f);
	check_registers_with(f, 1);
	check_no_verdict(f);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
}


static void stopped_and_a_retransmission_first(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	f->now += HOUR_MS;
	fix_resent(f, 1);
	check_registers_with(f, 1);
	check_no_verdict(f);
}


static void a_little_late_is_not_stopped(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	f->now += 7500 + STALL_MS;
	fix_tick(f);
	fix_switched(f, 1, 2);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(offline_waits_and_blames_nobody),
		TEST(back_on_the_primary),
		TEST(back_on_the_backup_looks_for_the_primary),
		TEST(the_next_look_is_after_the_interval_again),
		TEST(back_without_failback_stays),
		TEST(back_heeds_retry_after),
		TEST(back_while_moving_begins_with_the_primary),
		TEST(backup_gone_meanwhile),
		TEST(primary_given_up_just_after_the_return),
		TEST(evidence_from_before_is_void),
		TEST(offline_tries_from_time_to_time),
		TEST(lost_twice_is_lost_once),
		TEST(orders_without_a_network),
		TEST(baresip_registers_anew_by_itself),
		TEST(slept_on_the_primary),
		TEST(slept_on_the_backup),
		TEST(slept_with_a_request_under_way),
		TEST(slept_while_moving),
		TEST(slept_while_down),
		TEST(slept_while_looking_for_the_primary),
		TEST(woke_without_a_network),
		TEST(stopped_with_a_request_under_way),
		TEST(stopped_and_a_retransmission_first),
		TEST(a_little_late_is_not_stopped),
	};

	return cmocka_run_group_tests_name("outage", testv, NULL, NULL);
}
