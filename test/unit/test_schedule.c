/**
 * @file test_schedule.c  Times of RFC 3261 and RFC 5626
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fixture.h"
#include "schedule.h"


/* T1 doubling, capped at T2: sums for 0 to 10 retransmissions */
static void giveup_of_register(void **state)
{
	static const uint32_t msv[] = {
		500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500,
		31500, 32000,
	};
	struct fix *f = *state;

	for (uint32_t i = 0; i <= 10; i++) {
		f->set.retries = i;
		assert_int_equal(schedule_giveup_ms(&f->set, false), msv[i]);
	}
}


/* T1 doubling without a cap, up to Timer B */
static void giveup_of_invite(void **state)
{
	static const uint32_t msv[] = {
		500, 1500, 3500, 7500, 15500, 31500, 32000, 32000, 32000,
		32000, 32000,
	};
	struct fix *f = *state;

	for (uint32_t i = 0; i <= 10; i++) {
		f->set.retries = i;
		assert_int_equal(schedule_giveup_ms(&f->set, true), msv[i]);
	}
}


static void giveup_by_time(void **state)
{
	struct fix *f = *state;

	for (uint32_t s = 1; s <= 31; s++) {
		f->set.timeout_s = s;
		assert_int_equal(schedule_giveup_ms(&f->set, false), s * 1000);
		assert_int_equal(schedule_giveup_ms(&f->set, true), s * 1000);
	}
}


static void time_goes_before_count(void **state)
{
	struct fix *f = *state;

	f->set.retries   = 10;
	f->set.timeout_s = 2;
	assert_int_equal(schedule_giveup_ms(&f->set, false), 2000);
}


static void transaction_is_64_t1(void **state)
{
	(void)state;

	assert_int_equal(T1_MS, 500);
	assert_int_equal(T2_MS, 4000);
	assert_int_equal(TRANSACTION_MS, 32000);
}


static void failback_without_jitter(void **state)
{
	struct fix *f = *state;

	f->set.failback_jitter = 0;
	assert_int_equal(schedule_failback_ms(&f->set, 0), 1800000);
	assert_int_equal(schedule_failback_ms(&f->set, UINT32_MAX), 1800000);
}


static void failback_with_default_jitter(void **state)
{
	struct fix *f = *state;

	assert_int_equal(schedule_failback_ms(&f->set, 0), 1800000);
	assert_int_equal(schedule_failback_ms(&f->set, UINT32_MAX), 1980000);
	assert_in_range(schedule_failback_ms(&f->set, UINT32_MAX / 2),
			1889000, 1891000);
}


static void failback_with_full_jitter(void **state)
{
	struct fix *f = *state;

	f->set.failback_jitter = 100;
	assert_int_equal(schedule_failback_ms(&f->set, 0), 1800000);
	assert_int_equal(schedule_failback_ms(&f->set, UINT32_MAX), 3600000);
}


static void failback_at_its_limits(void **state)
{
	struct fix *f = *state;

	f->set.failback_jitter     = 100;
	f->set.failback_interval_s = 1;
	assert_int_equal(schedule_failback_ms(&f->set, 0), 1000);
	assert_int_equal(schedule_failback_ms(&f->set, UINT32_MAX), 2000);

	f->set.failback_interval_s = 86400;
	assert_int_equal(schedule_failback_ms(&f->set, 0), 86400000);
	assert_int_equal(schedule_failback_ms(&f->set, UINT32_MAX),
			 172800000);
}


static void failback_never_shortens(void **state)
{
	struct fix *f = *state;
	uint32_t prev = 0;

	for (uint64_t rnd = 0; rnd <= UINT32_MAX; rnd += 0x1000001) {

		uint32_t ms = schedule_failback_ms(&f->set, (uint32_t)rnd);

		assert_in_range(ms, 1800000, 1980000);
		assert_true(ms >= prev);
		prev = ms;
	}
}


/* RFC 5626 section 4.5: 50 to 100 % of min(1800, 30 * 2^failures) */
static void round_waits(void **state)
{
	static const uint32_t upper_sv[] = {
		60, 120, 240, 480, 960, 1800, 1800, 1800,
	};
	(void)state;

	for (unsigned i = 0; i < 8; i++) {

		const uint32_t ms = upper_sv[i] * 1000;

		assert_int_equal(schedule_round_ms(i + 1, 0), ms / 2);
		assert_int_equal(schedule_round_ms(i + 1, UINT32_MAX), ms);
		assert_in_range(schedule_round_ms(i + 1, UINT32_MAX / 2),
				ms / 4 * 3 - 1, ms / 4 * 3 + 1);
	}
}


static void round_wait_stays_at_its_maximum(void **state)
{
	static const unsigned failedv[] = { 6, 7, 31, 32, 33, 64, 1000,
		UINT32_MAX };
	(void)state;

	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(schedule_round_ms(failedv[i], 0), 900000);
		assert_int_equal(schedule_round_ms(failedv[i], UINT32_MAX),
				 1800000);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(giveup_of_register),
		TEST(giveup_of_invite),
		TEST(giveup_by_time),
		TEST(time_goes_before_count),
		TEST(transaction_is_64_t1),
		TEST(failback_without_jitter),
		TEST(failback_with_default_jitter),
		TEST(failback_with_full_jitter),
		TEST(failback_at_its_limits),
		TEST(failback_never_shortens),
		TEST(round_waits),
		TEST(round_wait_stays_at_its_maximum),
	};

	return cmocka_run_group_tests_name("schedule", testv, NULL, NULL);
}
