/**
 * @file test_fleet.c  A fleet that moves and returns, and what servers see
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plans.h"


enum {
	PHONES   = 10000,
	CAPACITY = PHONES / 50,      /**< REGISTERs a second                 */
	SIGMAS   = 6,                /**< A peak may stand out so far        */
	JITTER   = 10,               /**< The default [%]                    */
	BURSTS = 100,                /**< Of 10 ms in a second               */
	ROUND_WINDOW_S = 160,        /**< 1/240 + 1/480, see below           */
};


static struct fleet *played(const struct plan *plan)
{
	struct fleet *fleet = fleet_alloc(plan);

	assert_non_null(fleet);
	fleet_run(fleet);

	return fleet;
}


static uint32_t peak_after_return(const struct fleet *fleet,
				  const struct plan *plan)
{
	return fleet_peak(fleet, PRIMARY, plan->alive_s[PRIMARY - 1],
			  plan->seconds);
}


/* All at rest on the primary, and nothing lost on the way to the tables */
static void adds_up(const struct fleet *fleet)
{
	assert_int_equal(fleet_on(fleet, PRIMARY), PHONES);
	assert_int_equal(fleet_on(fleet, BACKUP), 0);

	for (unsigned server = PRIMARY; server <= FLEET_SERVERS; server++)
		assert_int_equal(fleet_sent(fleet, server),
				 fleet_seen(fleet, server));
}


static void moved_and_returned_once(const struct fleet *fleet)
{
	for (unsigned i = 0; i < PHONES; i++) {

		const struct policy *p = fleet_policy(fleet, i);

		assert_int_equal(p->counters.failovers, 1);
		assert_int_equal(p->counters.failbacks, 1);
		assert_int_equal(p->counters.exhausted, 0);
	}
}


/* Phones spread evenly over a window, each with so many REGISTERs: so many in
   a second on average, and in the worst of all seconds within SIGMAS standard
   deviations of that */
static void peak_is_within(uint32_t peak, uint32_t window_s, uint32_t each)
{
	const uint32_t rate = PHONES / window_s + 1, phones = peak / each;

	assert_true(phones <= rate ||
		    (phones - rate) * (phones - rate) <=
		    SIGMAS * SIGMAS * rate);
}


static uint32_t jitter_window_s(const struct plan *plan)
{
	return plan->set.failback_interval_s * plan->set.failback_jitter / 100;
}


/* Each of them: the check, and the REGISTER that returns */
static void jitter_spreads_the_return(void **state)
{
	static const unsigned jitterv[] = { JITTER, 50 };
	(void)state;

	for (unsigned i = 0; i < 2; i++) {

		const struct plan plan = plan_power_cut(PHONES, jitterv[i]);
		struct fleet *fleet = played(&plan);

		adds_up(fleet);
		moved_and_returned_once(fleet);
		peak_is_within(peak_after_return(fleet, &plan),
			       jitter_window_s(&plan), 2);
		fleet_free(fleet);
	}
}


/* 4 at first, the check, the return, and a refresh; the backup sees one */
static void every_register_is_accounted_for(void **state)
{
	const struct plan plan = plan_power_cut(PHONES, JITTER);
	struct fleet *fleet = played(&plan);
	(void)state;

	assert_int_equal(fleet_seen(fleet, PRIMARY), 7 * PHONES);
	assert_int_equal(fleet_seen(fleet, BACKUP), PHONES);
	fleet_free(fleet);
}


/* They were switched on within a second, and all return within one */
static void without_jitter_all_return_at_once(void **state)
{
	const struct plan plan = plan_power_cut(PHONES, 0);
	struct fleet *fleet = played(&plan);
	(void)state;

	adds_up(fleet);
	moved_and_returned_once(fleet);
	assert_true(peak_after_return(fleet, &plan) >= PHONES);
	fleet_free(fleet);
}


static void jitter_spreads_phones_with_keepalive(void **state)
{
	const struct plan plan = plan_keepalive(PHONES, JITTER);
	struct fleet *fleet = played(&plan);
	(void)state;

	adds_up(fleet);
	moved_and_returned_once(fleet);
	peak_is_within(peak_after_return(fleet, &plan),
		       jitter_window_s(&plan), 2);
	fleet_free(fleet);
}


/* Refreshes are spread over 54 minutes, so is all that follows from them. The
   first to move look for the primary several times */
static void refreshes_are_spread_anyway(void **state)
{
	const struct plan plan = plan_refresh(PHONES, JITTER);
	struct fleet *fleet = played(&plan);
	(void)state;

	adds_up(fleet);
	moved_and_returned_once(fleet);
	assert_true(peak_after_return(fleet, &plan) < PHONES / 100);
	fleet_free(fleet);
}


/* When both return, a phone is in its fifth round or later, that is, it waits
   or has waited for a time that is random within 240 s, or within 480 s.
   Its REGISTER is sent four times at the most before the server is left */
static void rounds_are_spread(void **state)
{
	struct plan plan = plan_all_dead(PHONES, false);
	struct fleet *fleet = played(&plan);
	(void)state;

	adds_up(fleet);
	peak_is_within(peak_after_return(fleet, &plan), ROUND_WINDOW_S, 4);
	fleet_free(fleet);

	plan = plan_all_dead(PHONES, true);
	fleet = played(&plan);
	adds_up(fleet);
	assert_true(peak_after_return(fleet, &plan) >= PHONES / 2);
	fleet_free(fleet);
}


/* What is too much for a server is lost. The fleet recovers all the same, and
   much sooner if it does not come all at once */
static void fleet_recovers_from_overload(void **state)
{
	const struct plan with = plan_overload(PHONES, JITTER, CAPACITY);
	const struct plan without = plan_overload(PHONES, 0, CAPACITY);
	struct fleet *fleet = played(&with), *other = played(&without);
	(void)state;

	adds_up(fleet);
	adds_up(other);
	assert_true(2 * (fleet_back_s(fleet, 99) - BACK_AFTER_S) <
		    fleet_back_s(other, 99) - BACK_AFTER_S);
	fleet_free(fleet);
	fleet_free(other);
}


/* The second after all connections have ended is no quieter, but within it
   the phones are spread */
static void restart_is_spread_over_a_second(void **state)
{
	const struct plan with = plan_restart(PHONES, false);
	const struct plan without = plan_restart(PHONES, true);
	struct fleet *fleet = played(&with), *other = played(&without);
	(void)state;

	adds_up(fleet);
	adds_up(other);
	assert_int_equal(fleet_seen(fleet, BACKUP), 0);
	assert_int_equal(fleet_seen(other, BACKUP), 0);
	peak_is_within(fleet_burst(fleet, PRIMARY), BURSTS, 1);
	assert_true(fleet_burst(other, PRIMARY) > PHONES / 100 * 99);
	fleet_free(fleet);
	fleet_free(other);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(jitter_spreads_the_return),
		cmocka_unit_test(every_register_is_accounted_for),
		cmocka_unit_test(without_jitter_all_return_at_once),
		cmocka_unit_test(jitter_spreads_phones_with_keepalive),
		cmocka_unit_test(refreshes_are_spread_anyway),
		cmocka_unit_test(rounds_are_spread),
		cmocka_unit_test(fleet_recovers_from_overload),
		cmocka_unit_test(restart_is_spread_over_a_second),
	};

	return cmocka_run_group_tests_name("fleet", testv, NULL, NULL);
}
