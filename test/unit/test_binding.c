/**
 * @file test_binding.c  The binding is renewed when it may have been removed
 *
 * The servers share their location table, so a de-registration that the
 * server left behind takes late removes the binding made at the new one.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "fixture.h"
#include "policy.h"
#include "register.h"


/* From the primary to the backup by command; nothing is answered yet */
static void move(struct fix *f)
{
	fix_settle(f, 1);
	fix_switch(f, 2);
	register_sent(&f->p, 2, f->now);
}


/* Renewed with what was known when the renewal was sent: just now */
static void renew(struct fix *f)
{
	fix_renewed(f, true, f->p.deregs);
}


static void no_deregistration_no_renewal(void **state)
{
	struct fix *f = *state;

	move(f);
	fix_ok(f);
	assert_false(f->d.renew);
}


static void ended_after_the_answer(void **state)
{
	struct fix *f = *state;

	move(f);
	fix_ok(f);
	fix_deregistered(f);
	assert_true(f->d.renew);
	assert_true(f->p.renewing);
	renew(f);
	assert_false(f->d.renew);
	assert_false(f->p.renewing);
}


/* Which of the two the table saw last is not known */
static void ended_between_request_and_answer(void **state)
{
	struct fix *f = *state;

	move(f);
	fix_deregistered(f);
	assert_false(f->d.renew);
	fix_ok(f);
	assert_true(f->d.renew);
	renew(f);
	assert_false(f->d.renew);
}


/* The request with credentials makes the binding, not the first one */
static void ended_before_the_credentials(void **state)
{
	struct fix *f = *state;

	move(f);
	fix_deregistered(f);
	register_answered(&f->p, 2);
	register_sent(&f->p, 2, f->now);
	fix_ok(f);
	assert_false(f->d.renew);
}


static void ended_between_credentials_and_answer(void **state)
{
	struct fix *f = *state;

	move(f);
	register_answered(&f->p, 2);
	register_sent(&f->p, 2, f->now);
	fix_deregistered(f);
	fix_ok(f);
	assert_true(f->d.renew);
}


static void ended_before_the_move(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_deregistered(f);
	renew(f);
	fix_switch(f, 2);
	fix_ok(f);
	assert_false(f->d.renew);
}


static void ended_before_the_first_registration(void **state)
{
	struct fix *f = *state;

	fix_deregistered(f);
	assert_false(f->d.renew);
	fix_settle(f, 1);
	assert_false(f->d.renew);
}


static void ended_while_down(void **state)
{
	struct fix *f = *state;

	fix_down(f);
	fix_deregistered(f);
	assert_false(f->d.renew);
	fix_start(f);
	fix_ok(f);
	assert_false(f->d.renew);
}


/* The user has just taken the phone off: not to be undone */
static void ended_after_unregistering(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	policy_unregistered(&f->p);
	fix_deregistered(f);
	assert_false(f->d.renew);
}


static void ended_after_registering_again(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	policy_unregistered(&f->p);
	fix_settle(f, 1);
	fix_deregistered(f);
	assert_true(f->d.renew);
}


static void not_registered_not_renewed(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_refused(f);
	fix_deregistered(f);
	assert_false(f->d.renew);
}


static void refresh_makes_it_new(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_deregistered(f);
	fix_renewed(f, false, f->p.deregs);
	assert_false(f->d.renew);

	register_sent(&f->p, 1, f->now);
	fix_ok(f);
	assert_false(f->d.renew);
	assert_int_equal(f->p.deregs_bound, f->p.deregs);
}


static void refresh_does_not_forget(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	fix_deregistered(f);
	assert_true(f->d.renew);
	fix_ok(f);
	assert_false(f->d.renew);
	renew(f);
	assert_false(f->d.renew);
	assert_int_equal(f->p.deregs_bound, f->p.deregs);
}


static void second_while_renewing(void **state)
{
	struct fix *f = *state;
	unsigned deregs;

	move(f);
	fix_ok(f);
	fix_deregistered(f);
	deregs = f->p.deregs;
	fix_deregistered(f);
	assert_false(f->d.renew);
	fix_renewed(f, true, deregs);
	assert_true(f->d.renew);
	renew(f);
	assert_false(f->d.renew);
}


static void two_before_one_renewal(void **state)
{
	struct fix *f = *state;

	move(f);
	fix_deregistered(f);
	fix_deregistered(f);
	fix_ok(f);
	assert_true(f->d.renew);
	renew(f);
	assert_false(f->d.renew);
}


static void doubt(struct fix *f, unsigned server)
{
	memset(&f->d, 0, sizeof(f->d));
	binding_doubted(&f->p, server, f->now, &f->d);
}


/* Its answer to a REGISTER tells */
static void doubted_server_is_asked(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	doubt(f, 1);
	assert_true(f->d.renew);
	doubt(f, 1);
	assert_false(f->d.renew);
	fix_renewed(f, true, f->p.deregs);
	fix_is(f, POLICY_SETTLED, 1);
}


static void doubted_server_is_not_asked_often(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	doubt(f, 1);
	fix_renewed(f, true, f->p.deregs);
	f->now += 300 * 1000 - 1;
	doubt(f, 1);
	assert_false(f->d.renew);
	f->now += 1;
	doubt(f, 1);
	assert_true(f->d.renew);
}


static void server_not_in_use_is_not_asked(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	doubt(f, 2);
	assert_false(f->d.renew);
	fix_network_lost(f);
	doubt(f, 1);
	assert_false(f->d.renew);
}


/* A renewal that was refused is not repeated at once, for ever */
static void refused_renewal(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_deregistered(f);
	fix_renewed(f, false, f->p.deregs);
	assert_false(f->d.renew);
	fix_deregistered(f);
	assert_true(f->d.renew);
}


/* One ended after the renewal was sent: what was refused says nothing of it */
static void refused_renewal_with_a_newer_deregistration(void **state)
{
	struct fix *f = *state;
	unsigned deregs;

	fix_settle(f, 1);
	fix_deregistered(f);
	deregs = f->p.deregs;
	fix_deregistered(f);
	fix_renewed(f, false, deregs);
	assert_true(f->d.renew);
}


/* Newer evidence is not replaced by older */
static void answer_older_than_the_renewal(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	fix_deregistered(f);
	renew(f);
	fix_ok(f);
	assert_false(f->d.renew);
	assert_int_equal(f->p.deregs_bound, f->p.deregs);
}


static void renewal_older_than_the_answer(void **state)
{
	struct fix *f = *state;
	unsigned deregs;

	fix_settle(f, 1);
	fix_deregistered(f);
	deregs = f->p.deregs;
	fix_deregistered(f);
	register_sent(&f->p, 1, f->now);
	fix_ok(f);
	fix_renewed(f, true, deregs);
	assert_false(f->d.renew);
	assert_int_equal(f->p.deregs_bound, f->p.deregs);
}


/* The renewal under way is with the server that was left: whatever becomes
   of it, the binding at the new one is to be renewed */
static void renewal_with_the_server_that_was_left(void **state)
{
	struct fix *f = *state;
	unsigned deregs, renewals = 0;

	fix_settle(f, 1);
	fix_deregistered(f);
	assert_true(f->d.renew);
	deregs = f->p.deregs;

	fix_switch(f, 2);
	register_sent(&f->p, 2, f->now);
	fix_ok(f);
	renewals += f->d.renew;
	fix_deregistered(f);
	renewals += f->d.renew;
	fix_renewed(f, false, deregs);
	renewals += f->d.renew;

	assert_true(renewals >= 1);
}


/* registering_stopped() ends the renewal; nobody will tell of its end */
static void unregistering_ends_the_renewal(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_deregistered(f);
	assert_true(f->d.renew);
	policy_unregistered(&f->p);

	fix_settle(f, 1);
	fix_deregistered(f);
	assert_true(f->d.renew);
}


static void fall_retry_is_not_registered(void **state)
{
	struct fix *f = *state;

	f->set.fall = 2;
	fix_settle(f, 1);
	fix_failed(f, 1);
	assert_int_equal(f->d.register_with, 1);
	fix_deregistered(f);
	assert_false(f->d.renew);
	fix_ok(f);
	assert_true(f->d.renew);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(no_deregistration_no_renewal),
		TEST(ended_after_the_answer),
		TEST(ended_between_request_and_answer),
		TEST(ended_before_the_credentials),
		TEST(ended_between_credentials_and_answer),
		TEST(ended_before_the_move),
		TEST(ended_before_the_first_registration),
		TEST(ended_while_down),
		TEST(ended_after_unregistering),
		TEST(ended_after_registering_again),
		TEST(not_registered_not_renewed),
		TEST(refresh_makes_it_new),
		TEST(refresh_does_not_forget),
		TEST(second_while_renewing),
		TEST(doubted_server_is_asked),
		TEST(doubted_server_is_not_asked_often),
		TEST(server_not_in_use_is_not_asked),
		TEST(two_before_one_renewal),
		TEST(refused_renewal),
		TEST(refused_renewal_with_a_newer_deregistration),
		TEST(answer_older_than_the_renewal),
		TEST(renewal_older_than_the_answer),
		TEST(renewal_with_the_server_that_was_left),
		TEST(unregistering_ends_the_renewal),
		TEST(fall_retry_is_not_registered),
	};

	return cmocka_run_group_tests_name("binding", testv, NULL, NULL);
}
