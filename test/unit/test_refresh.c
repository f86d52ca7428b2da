/**
 * @file test_refresh.c  A refresh that libre sends in time, late, or never
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "fixture.h"
#include "outage.h"
#include "policy.h"
#include "register.h"
#include "state.h"
#include "view.h"


enum {
	LAPSE_MS   = 100000,
	REFRESH_MS = 90000,          /**< As libre has it                    */
	LATE_MS    = 1000,
};


static struct outcome renewed(uint64_t lapse_ms)
{
	const struct outcome o = {
		.ok       = true,
		.alive    = true,
		.lapse_ms = lapse_ms,
		.reason   = "200 OK",
	};

	return o;
}


static void renew(struct fix *f, uint64_t lapse_ms)
{
	const struct outcome o = renewed(lapse_ms);

	memset(&f->d, 0, sizeof(f->d));
	binding_renewed(&f->p, &o, f->p.deregs, f->now, &f->d);
}


static void decided_to_renew(const struct fix *f)
{
	assert_true(f->d.renew);
	assert_int_equal(f->d.tell, TELL_NOTHING);
	assert_int_equal(f->d.register_with, 0);
	fix_is(f, POLICY_SETTLED, 1);
}


/* A connection that hangs: no server is blamed for what was not sent, but a
   renewal shows whether it is there */
static void late_refresh_is_sent_by_us(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, REFRESH_MS);
	assert_int_equal(fix_wait(f), REFRESH_MS + LATE_MS);
	decided_to_renew(f);
	assert_string_equal(f->p.serverv[0].reason, "200 OK");

	renew(f, LAPSE_MS);
	assert_int_equal(fix_wait(f), 90000);
	decided_to_renew(f);
}


/* libre has read another expiry: the binding would end without us */
static void binding_is_ours_if_libre_is_late(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	assert_false(binding_is_ours(&f->p));

	fix_granted(f, LAPSE_MS, REFRESH_MS);
	assert_false(binding_is_ours(&f->p));

	fix_granted(f, LAPSE_MS, 10 * REFRESH_MS);
	assert_true(binding_is_ours(&f->p));

	(void)fix_wait(f);
	renew(f, LAPSE_MS);
	assert_true(binding_is_ours(&f->p));

	fix_granted(f, LAPSE_MS, REFRESH_MS);
	assert_false(binding_is_ours(&f->p));
}


static void refresh_on_the_wire_counts_by_itself(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, REFRESH_MS);
	f->now += REFRESH_MS + 3;
	register_sent(&f->p, 1, f->now);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 7500);
	register_answered(&f->p, 1);
	assert_false(policy_next(&f->p, &when));
}


/* libre does not recognise its Contact and goes by what it has asked for */
static void short_grant_is_refreshed_by_us(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 20000, 3240000);

	for (unsigned i = 0; i < 20; i++) {
		/* early enough to find another server, should this be dead */
		assert_int_equal(fix_wait(f), 12000);
		decided_to_renew(f);
		f->now += 20;
		renew(f, 20000);
	}
}


/* 95 % is the latest that libre can be told to refresh at */
static void libre_has_the_word_up_to_95_percent(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, 95000);
	assert_int_equal(fix_wait(f), 95000 + LATE_MS);
	renew(f, LAPSE_MS);

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, 95001);
	assert_int_equal(fix_wait(f), 90000);
	decided_to_renew(f);
}


static void grants_of_seconds(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 5000, 3240000);
	assert_int_equal(fix_wait(f), 2500);

	renew(f, 1000);
	assert_int_equal(fix_wait(f), 500);

	/* never more often */
	renew(f, 1);
	assert_int_equal(fix_wait(f), 500);
}


/* What was asked for is all that is known */
static void unknown_grant_is_left_to_libre(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	fix_granted(f, 0, 0);
	assert_false(policy_next(&f->p, &when));
}


/* A de-registration has ended meanwhile: its renewal leaves libre's refresh
   as it is */
static void renewal_does_not_put_libre_off(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, REFRESH_MS);
	f->now += 1000;
	fix_deregistered(f);
	assert_true(f->d.renew);
	renew(f, LAPSE_MS);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now - 1000 + REFRESH_MS + LATE_MS);
}


/* The server may want Baresip's Call-ID; if not, the user gets to know */
static void refused_refresh_registers_anew(void **state)
{
	const struct outcome o = { .alive = true, .reason = "403 Forbidden" };
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 20000, 3240000);
	fix_wait(f);
	binding_renewed(&f->p, &o, f->p.deregs, f->now, &f->d);
	assert_int_equal(f->d.register_with, 1);
	fix_is(f, POLICY_SETTLED, 1);
	assert_true(policy_waits(&f->p, WAIT_ANSWER));
	fix_refused(f);
	assert_false(policy_waits(&f->p, WAIT_REFRESH));
	assert_false(f->p.serverv[0].registered);
}


/* The failure is no evidence while the network has just come */
static void unanswered_refresh_is_tried_again(void **state)
{
	const struct outcome o = { .reason = "No route to host" };
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 20000, 3240000);
	fix_wait(f);
	binding_renewed(&f->p, &o, f->p.deregs, f->now, &f->d);
	assert_int_equal(fix_wait(f), 1000);
	decided_to_renew(f);
	fix_failed(f, 1);
	fix_switched(f, 1, 2);
	assert_false(policy_waits(&f->p, WAIT_REFRESH));
}


/* One that was not due to the time says no more than itself */
static void refused_renewal_is_left(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, REFRESH_MS);
	fix_deregistered(f);
	fix_renewed(f, false, f->p.deregs);
	fix_decided_nothing(f);
}


static void renewal_that_was_not_sent_is_tried_again(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, 20000, 3240000);
	fix_wait(f);
	binding_not_sent(&f->p, f->now);
	assert_int_equal(fix_wait(f), 1000);
	decided_to_renew(f);
}


/* The 200 of a REGISTER that was under way when the user unregistered */
static void grant_while_at_rest_is_nothing(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_start(f);
	policy_unregistered(&f->p);
	fix_ok(f);
	fix_granted(f, 20000, 18000);
	fix_is(f, POLICY_IDLE, 1);
	assert_false(policy_next(&f->p, &when));

	fix_settle(f, 1);
	fix_refused(f);
	fix_granted(f, 20000, 18000);
	assert_false(policy_next(&f->p, &when));
}


static void moving_forgets_it(void **state)
{
	struct fix *f = *state;

	fix_settle(f, 1);
	fix_granted(f, LAPSE_MS, REFRESH_MS);
	fix_switch(f, 2);
	fix_ok(f);
	assert_int_equal(fix_wait(f), 1800 * 1000);
	assert_true(f->d.probe);
}


static void retry_goes_to_the_same_server(void **state)
{
	struct fix *f = *state;

	fix_start(f);
	fix_failed(f, 1);
	f->now += 1000;
	memset(&f->d, 0, sizeof(f->d));
	outage_retry(&f->p, f->now, &f->d);
	assert_int_equal(f->d.register_with, 2);
	fix_is(f, POLICY_MOVING, 2);
	assert_int_equal(f->p.pending_since, f->now);

	policy_unregistered(&f->p);
	memset(&f->d, 0, sizeof(f->d));
	outage_retry(&f->p, f->now, &f->d);
	fix_decided_nothing(f);
}


static void found_registration_is_taken_over(void **state)
{
	struct fix *f = *state;

	policy_found(&f->p, 2, true, f->now, &f->d);
	assert_int_equal(f->d.register_with, 2);
	assert_int_equal(view_active(&f->p), 2);
	assert_true(f->p.serverv[1].registered);
	fix_ok(f);
	fix_is(f, POLICY_SETTLED, 2);

	/* the primary is looked for as ever, and the rest as well */
	assert_int_equal(fix_wait(f), 1800 * 1000);
	assert_true(f->d.probe);
}


static void found_account_is_registered(void **state)
{
	struct fix *f = *state;

	policy_found(&f->p, 1, false, f->now, &f->d);
	assert_int_equal(f->d.register_with, 1);
	assert_int_equal(view_active(&f->p), 0);
	assert_int_equal(fix_silence(f), 7500);
	fix_switched(f, 1, 2);
}


static void challenged_is_awaited_anew(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_sent(&f->p, 1, f->now);
	f->now += 5000;
	register_challenged(&f->p, 1, f->now);
	assert_true(policy_next(&f->p, &when));
	assert_int_equal(when, f->now + 7500);
	assert_int_equal(fix_wait(f), 7500);
	assert_int_equal(f->d.register_with, 2);
	assert_string_equal(f->p.serverv[0].reason,
			    "REGISTER could not be sent in 7.5 s");
}


static void challenge_of_what_is_over_is_nothing(void **state)
{
	struct fix *f = *state;
	uint64_t when;

	fix_settle(f, 1);
	register_challenged(&f->p, 1, f->now);
	assert_false(policy_next(&f->p, &when));
	register_sent(&f->p, 1, f->now);
	f->now += 5000;
	register_challenged(&f->p, 2, f->now);
	assert_int_equal(fix_wait(f), 2500);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(late_refresh_is_sent_by_us),
		TEST(binding_is_ours_if_libre_is_late),
		TEST(refresh_on_the_wire_counts_by_itself),
		TEST(short_grant_is_refreshed_by_us),
		TEST(libre_has_the_word_up_to_95_percent),
		TEST(grants_of_seconds),
		TEST(unknown_grant_is_left_to_libre),
		TEST(renewal_does_not_put_libre_off),
		TEST(refused_refresh_registers_anew),
		TEST(unanswered_refresh_is_tried_again),
		TEST(refused_renewal_is_left),
		TEST(renewal_that_was_not_sent_is_tried_again),
		TEST(grant_while_at_rest_is_nothing),
		TEST(moving_forgets_it),
		TEST(retry_goes_to_the_same_server),
		TEST(found_registration_is_taken_over),
		TEST(found_account_is_registered),
		TEST(challenged_is_awaited_anew),
		TEST(challenge_of_what_is_over_is_nothing),
	};

	return cmocka_run_group_tests_name("refresh", testv, NULL, NULL);
}
