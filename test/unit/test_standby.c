/**
 * @file test_standby.c  The second registration
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "policy.h"
#include "standby.h"


enum {
	SERVERS    = 3,
	EXPIRES_S  = 3600,
	REFRESH_MS = EXPIRES_S * 900,        /**< 90 %                       */
	GIVEUP_MS  = 7500,                   /**< With the default retries   */
};


/* Three servers, failover_standby=yes, registered with a server */
static struct fix *settled(void **state, unsigned server)
{
	struct fix *f = *state;

	f->set.standby = 1;
	fix_servers(f, SERVERS);
	fix_settle(f, server);

	return f;
}


/* The user turns it on or off */
static void turn(struct fix *f, uint32_t on)
{
	const struct settings was = f->set;

	f->set.standby = on;
	policy_reconfigured(&f->p, &was, f->now, f->rnd);
}


static void asks(struct fix *f, unsigned server)
{
	fix_wait(f);
	assert_int_equal(f->d.standby, server);
	assert_int_equal(f->p.standby_asked, server);
}


static struct fix *standing_by(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_ok(f, 2, EXPIRES_S);

	return f;
}


static void stands_by(const struct fix *f, unsigned server)
{
	assert_int_equal(f->p.standby, server);

	for (unsigned i = 1; i <= SERVERS; i++)
		assert_int_equal(f->p.serverv[i - 1].registered,
				 i == server || i == f->p.target);
}


static void not_unless_asked_for(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	assert_int_equal(f->p.waitv[WAIT_STANDBY], 0);
	assert_false(policy_next(&f->p, &when));
}


static void at_once_with_the_next_in_line(void **state)
{
	struct fix *f = settled(state, 1);
	const uint64_t then = f->now;

	asks(f, 2);
	assert_int_equal(f->now, then);
	stands_by(f, 0);

	fix_standby_ok(f, 2, EXPIRES_S);
	stands_by(f, 2);
	assert_int_equal(f->p.serverv[1].health, HEALTH_UP);
	fix_is(f, POLICY_SETTLED, 1);
}


static void refreshed(void **state)
{
	struct fix *f = standing_by(state);

	assert_int_equal(fix_wait(f), REFRESH_MS);
	assert_int_equal(f->d.standby, 2);
}


/* So that a dead server is found out while the binding still stands */
static void refreshed_early_when_short(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_ok(f, 2, 60);
	assert_int_equal(fix_wait(f), 60000 - GIVEUP_MS - T1_MS);

	fix_standby_ok(f, 2, 10);
	assert_int_equal(fix_wait(f), 5000);
}


static void next_if_one_fails(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_failed(f, 2);
	assert_int_equal(f->d.standby, 3);
	assert_int_equal(f->p.serverv[1].health, HEALTH_DOWN);

	fix_standby_ok(f, 3, EXPIRES_S);
	stands_by(f, 3);
}


/* Any evidence counts, not only what its own REGISTER shows */
static void next_if_one_is_seen_dead(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_failed(f, 2);
	assert_int_equal(f->d.standby, 3);
	fix_is(f, POLICY_SETTLED, 1);
}


static void one_before_it_is_asked_again(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_failed(f, 2);
	fix_standby_ok(f, 3, EXPIRES_S);

	assert_int_equal(fix_wait(f), f->set.failback_interval_s * 1000);
	assert_int_equal(f->d.standby, 2);
	stands_by(f, 3);

	fix_standby_ok(f, 2, EXPIRES_S);
	stands_by(f, 2);
}


static void none_is_left(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_failed(f, 2);
	fix_standby_failed(f, 3);
	assert_int_equal(f->d.standby, 0);
	stands_by(f, 0);

	assert_int_equal(fix_wait(f), f->set.failback_interval_s * 1000);
	assert_int_equal(f->d.standby, 2);
}


static void refused(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	standby_failed(&f->p, 2, true, f->now, f->rnd, "403 Forbidden",
		       &f->d);
	assert_int_equal(f->d.standby, 3);
	assert_int_equal(f->p.serverv[1].health, HEALTH_UP);
	assert_string_equal(f->p.serverv[1].reason, "403 Forbidden");
}


static void late_answer_is_welcome(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_failed(f, 2);
	fix_standby_ok(f, 2, EXPIRES_S);
	stands_by(f, 0);                     /* 3 is being asked */

	fix_standby_failed(f, 3);
	fix_standby_ok(f, 2, EXPIRES_S);
	stands_by(f, 2);
}


static void left_alone_if_it_says_so(void **state)
{
	struct fix *f = settled(state, 1);

	policy_retry_after(&f->p, 2, 600, f->now);
	asks(f, 3);
}


static void calls_need_not_wait(void **state)
{
	struct fix *f = standing_by(state);

	assert_false(standby_is_ahead(&f->p));
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
	assert_true(standby_is_ahead(&f->p));
	assert_true(f->p.serverv[1].registered);

	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);
	stands_by(f, 0);
	assert_false(standby_is_ahead(&f->p));

	/* the primary is down: the failback check looks for it */
	asks(f, 3);
}


static void fails_over_to_where_it_stands_by(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_standby_failed(f, 2);
	fix_standby_ok(f, 3, EXPIRES_S);

	fix_failed(f, 1);
	fix_switched(f, 1, 3);
	assert_true(standby_is_ahead(&f->p));

	/* no better than hoped: the others follow */
	fix_failed(f, 3);
	fix_switched(f, 3, 2);
	assert_false(standby_is_ahead(&f->p));
}


static void answer_during_the_move(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
	assert_false(standby_is_ahead(&f->p));

	fix_standby_ok(f, 2, EXPIRES_S);
	assert_true(standby_is_ahead(&f->p));
}


/* It may have been the shorter one of a binding that both refresh */
static void lost_standby_has_the_binding_renewed(void **state)
{
	struct fix *f = standing_by(state);

	fix_failed(f, 2);
	stands_by(f, 0);
	assert_true(f->d.renew);
	fix_renewed(f, true, f->p.deregs);

	asks(f, 2);
	fix_standby_failed(f, 2);
	assert_int_equal(f->d.standby, 3);
	assert_false(f->d.renew);
}


static void deregistration_may_have_hit_it(void **state)
{
	struct fix *f = standing_by(state);
	const uint64_t then = f->now;

	fix_deregistered(f);
	asks(f, 2);
	assert_int_equal(f->now, then);

	/* one that ends meanwhile is answered by one more */
	fix_deregistered(f);
	fix_standby_ok(f, 2, EXPIRES_S);
	asks(f, 2);
	assert_int_equal(f->now, then);

	fix_standby_ok(f, 2, EXPIRES_S);
	assert_int_equal(fix_wait(f), REFRESH_MS);
}


static void back_on_the_primary(void **state)
{
	struct fix *f = settled(state, 2);

	asks(f, 3);
	fix_standby_ok(f, 3, EXPIRES_S);
	assert_true(fix_probe(f));
	fix_probed(f, true);
	fix_is(f, POLICY_MOVING, 1);

	fix_ok(f);
	stands_by(f, 3);
	asks(f, 2);
	fix_standby_ok(f, 2, EXPIRES_S);
	stands_by(f, 2);
}


static void primary_that_lives_may_stand_by(void **state)
{
	struct fix *f = standing_by(state);

	fix_switch(f, 3);
	fix_ok(f);
	stands_by(f, 2);
	asks(f, 1);
}


static void ends_with_the_account(void **state)
{
	struct fix *f = standing_by(state);
	uint64_t when;

	policy_unregistered(&f->p);
	assert_int_equal(f->p.standby, 0);
	assert_false(policy_next(&f->p, &when));

	fix_standby_ok(f, 2, EXPIRES_S);
	assert_int_equal(f->p.standby, 0);
}


static void ends_when_all_are_dead(void **state)
{
	struct fix *f = standing_by(state);

	fix_failed(f, 1);
	fix_failed(f, 2);
	fix_failed(f, 3);
	assert_int_equal(f->d.tell, TELL_EXHAUSTED);
	assert_int_equal(f->p.standby, 0);
}


static void turned_off_meanwhile(void **state)
{
	struct fix *f = standing_by(state);
	uint64_t when;

	turn(f, 0);
	fix_wait(f);
	assert_int_equal(f->d.unbind, 2);
	assert_int_equal(f->d.standby, 0);
	stands_by(f, 0);
	assert_false(policy_next(&f->p, &when));
}


/* The answer comes too late: it is taken back. A refusal asks no other */
static void turned_off_while_asked(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	turn(f, 0);
	fix_standby_ok(f, 2, EXPIRES_S);
	assert_int_equal(f->p.standby, 2);
	fix_wait(f);
	assert_int_equal(f->d.unbind, 2);
	stands_by(f, 0);
}


static void turned_off_and_refused(void **state)
{
	struct fix *f = settled(state, 1);

	asks(f, 2);
	turn(f, 0);
	fix_standby_failed(f, 2);
	assert_int_equal(f->d.standby, 0);
	assert_int_equal(f->p.standby_asked, 0);
}


static void turned_on_again(void **state)
{
	struct fix *f = standing_by(state);

	turn(f, 0);
	turn(f, 1);
	asks(f, 2);
	assert_int_equal(f->d.unbind, 0);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(not_unless_asked_for),
		TEST(at_once_with_the_next_in_line),
		TEST(refreshed),
		TEST(refreshed_early_when_short),
		TEST(next_if_one_fails),
		TEST(next_if_one_is_seen_dead),
		TEST(one_before_it_is_asked_again),
		TEST(none_is_left),
		TEST(refused),
		TEST(late_answer_is_welcome),
		TEST(left_alone_if_it_says_so),
		TEST(calls_need_not_wait),
		TEST(fails_over_to_where_it_stands_by),
		TEST(answer_during_the_move),
		TEST(lost_standby_has_the_binding_renewed),
		TEST(deregistration_may_have_hit_it),
		TEST(back_on_the_primary),
		TEST(primary_that_lives_may_stand_by),
		TEST(ends_with_the_account),
		TEST(ends_when_all_are_dead),
		TEST(turned_off_meanwhile),
		TEST(turned_off_while_asked),
		TEST(turned_off_and_refused),
		TEST(turned_on_again),
	};

	return cmocka_run_group_tests_name("standby", testv, NULL, NULL);
}
