/**
 * @file test_renumber.c  The servers of an account change
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "fixture.h"
#include "policy.h"
#include "renumber.h"


enum {
	SERVERS     = 3,
	INTERVAL_MS = 1800 * 1000,
};


static void change(struct fix *f, const struct renumber *rn, bool anew)
{
	memset(&f->d, 0, sizeof(f->d));
	renumber_policy(&f->p, rn, anew, f->now, f->rnd, &f->d);
}


static struct fix *settled(void **state, unsigned server)
{
	struct fix *f = *state;

	f->set.failback_jitter = 0;
	fix_servers(f, SERVERS);
	fix_settle(f, server);

	return f;
}


static const char *reason(const struct fix *f, unsigned server)
{
	return f->p.serverv[server - 1].reason;
}


static void numbers_and_sets(void **state)
{
	const struct renumber rn = { .fromv = { 3, 0, 1 }, .serverc = 3 };
	(void)state;

	assert_int_equal(renumber_to(&rn, 3), 1);
	assert_int_equal(renumber_to(&rn, 1), 3);
	assert_int_equal(renumber_to(&rn, 2), 0);
	assert_int_equal(renumber_to(&rn, 0), 0);
	assert_int_equal(renumber_set(&rn, server_bit(1) | server_bit(2)),
			 server_bit(3));
}


static void another_server_changes(void **state)
{
	const struct renumber rn = { .fromv = { 1, 0, 3 }, .serverc = 3 };
	struct fix *f = settled(state, 3);
	const uint64_t check = f->p.waitv[WAIT_CHECK];

	f->now += 1000;
	change(f, &rn, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 3);
	assert_int_equal(f->p.waitv[WAIT_CHECK], check);
	assert_string_equal(reason(f, 1), "503 Service Unavailable");
	assert_string_equal(reason(f, 2), "not tried yet");
	assert_int_equal(f->p.serverv[1].health, HEALTH_UNKNOWN);
	assert_true(f->p.serverv[2].registered);
}


/* The registration stays where it is; its primary is looked for */
static void servers_are_swapped(void **state)
{
	const struct renumber rn = { .fromv = { 2, 1 }, .serverc = 2 };
	struct fix *f = *state;

	f->set.failback_jitter = 0;
	fix_settle(f, 1);
	change(f, &rn, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 2);
	assert_true(f->p.serverv[1].registered);
	assert_false(f->p.serverv[0].registered);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
	assert_int_equal(f->d.probe, PRIMARY);
}


static void backup_becomes_the_primary(void **state)
{
	const struct renumber rn = { .fromv = { 2, 3 }, .serverc = 2 };
	struct fix *f = settled(state, 2);
	uint64_t when;

	change(f, &rn, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_SETTLED, 1);
	assert_int_equal(f->p.serverc, 2);
	assert_false(policy_next(&f->p, &when));
}


static void server_in_use_is_gone(void **state)
{
	const struct renumber rn = { .fromv = { 0, 2, 3 }, .serverc = 3 };
	struct fix *f = settled(state, 1);

	change(f, &rn, false);
	assert_int_equal(f->d.tell, TELL_SWITCH);
	assert_int_equal(f->d.from, 0);
	assert_int_equal(f->d.to, 1);
	assert_int_equal(f->d.register_with, 1);
	assert_true(f->d.by_command);
	fix_is(f, POLICY_MOVING, 1);
	assert_int_equal(f->p.origin, 0);

	/* ... and a round goes on as ever */
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
}


static void expiry_is_another(void **state)
{
	const struct renumber rn = { .fromv = { 1, 2, 3 }, .serverc = 3 };
	struct fix *f = settled(state, 2);

	change(f, &rn, true);
	assert_int_equal(f->d.register_with, 2);
	assert_int_equal(f->d.tell, TELL_NOTHING);
	fix_is(f, POLICY_SETTLED, 2);
	assert_true(policy_waits(&f->p, WAIT_ANSWER));
}


static void round_goes_on(void **state)
{
	const struct renumber rn = { .fromv = { 0, 1, 2, 3 }, .serverc = 4 };
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	fix_start(f);
	fix_failed(f, 1);
	fix_is(f, POLICY_MOVING, 2);
	change(f, &rn, false);
	fix_decided_nothing(f);
	fix_is(f, POLICY_MOVING, 3);

	/* the new one was not tried, those before were */
	fix_failed(f, 3);
	fix_switched(f, 3, 1);
	fix_failed(f, 1);
	fix_switched(f, 1, 4);
}


static void check_under_way_is_void(void **state)
{
	const struct renumber rn = { .fromv = { 0, 2, 3 }, .serverc = 3 };
	struct fix *f = settled(state, 2);

	fix_probe(f);
	change(f, &rn, false);
	assert_int_equal(f->p.probing, 0);
	fix_probed(f, true);
	fix_decided_nothing(f);
	assert_int_equal(fix_wait(f), INTERVAL_MS);
	assert_int_equal(f->d.probe, 1);
}


static void standby_is_gone(void **state)
{
	const struct renumber rn = { .fromv = { 1, 3 }, .serverc = 2 };
	struct fix *f = *state;

	fix_stand_by(f, SERVERS);

	change(f, &rn, false);
	assert_true(f->d.renew);
	assert_int_equal(f->p.standby, 0);
	fix_wait(f);
	assert_int_equal(f->d.standby, 2);
}


static void at_rest(void **state)
{
	const struct renumber rn = { .fromv = { 0, 2, 3 }, .serverc = 3 };
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	change(f, &rn, true);
	fix_decided_nothing(f);
	assert_int_equal(fix_start(f), 1);

	fix_down(f);
	change(f, &(struct renumber) { .fromv = { 2, 1, 3 }, .serverc = 3 },
	       true);
	fix_decided_nothing(f);
	assert_true(policy_waits(&f->p, WAIT_ROUND));
}


static void new_one_while_all_are_down(void **state)
{
	const struct renumber rn = { .fromv = { 1, 2, 0 }, .serverc = 3 };
	struct fix *f = *state;

	fix_servers(f, SERVERS);
	fix_down(f);
	change(f, &rn, false);
	fix_is(f, POLICY_MOVING, 1);
	assert_int_equal(f->d.register_with, 1);
}


static void maintenance_stays(void **state)
{
	const struct renumber rn = { .fromv = { 2, 1, 3 }, .serverc = 3 };
	struct fix *f = settled(state, 1);

	fix_maintenance(f, 2, true);
	change(f, &rn, false);
	assert_true(state_in_maintenance(&f->p, 1));
	assert_false(state_in_maintenance(&f->p, 2));
	assert_false(fix_probe(f));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(numbers_and_sets),
		TEST(another_server_changes),
		TEST(servers_are_swapped),
		TEST(backup_becomes_the_primary),
		TEST(server_in_use_is_gone),
		TEST(expiry_is_another),
		TEST(round_goes_on),
		TEST(check_under_way_is_void),
		TEST(standby_is_gone),
		TEST(at_rest),
		TEST(new_one_while_all_are_down),
		TEST(maintenance_stays),
	};

	return cmocka_run_group_tests_name("renumber", testv, NULL, NULL);
}
