/**
 * @file schedule.c  Times of RFC 3261 and RFC 5626
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "schedule.h"
#include "settings.h"


enum {
	FLOW_SPREAD_MS = 1000,       /**< Spread of a server's phones        */
	REFRESH_MIN_MS = 500,        /**< Shortest wait for our renewal      */
	ROUND_BASE_S = 30,           /**< RFC 5626 section 4.5, base-time    */
	ROUND_MAX_S  = 1800,         /**< RFC 5626 section 4.5, max-time     */
	ROUND_DOUBLE = 6,            /**< 30 s * 2^6 is above the maximum    */
};


/* Uniform in 0 to range, both included */
static uint32_t scale(uint32_t rnd, uint32_t range)
{
	return (uint32_t)(((uint64_t)range + 1) * rnd >> 32);
}


/**
 * Time from the first transmission of a request until its server is given up.
 * It ends when the next retransmission would be due (RFC 3261 section 17.1).
 *
 * @param set    Settings of the account
 * @param invite True for INVITE, whose interval is not capped at T2
 *
 * @return Time [ms], at most 64*T1
 */
uint32_t schedule_giveup_ms(const struct settings *set, bool invite)
{
	uint32_t interval = T1_MS, sum = 0;

	if (set->timeout_s)
		return set->timeout_s * 1000;

	for (uint32_t i = 0; i <= set->retries; i++) {

		sum += interval;
		interval *= 2;

		if (!invite && interval > T2_MS)
			interval = T2_MS;
	}

	return sum < TRANSACTION_MS ? sum : TRANSACTION_MS;
}


/**
 * Time until the next failback check
 *
 * @param set Settings of the account
 * @param rnd Random number, uniform over all values
 *
 * @return The interval, lengthened by a random part of the jitter [ms]
 */
uint32_t schedule_failback_ms(const struct settings *set, uint32_t rnd)
{
	const uint32_t ms = set->failback_interval_s * 1000;

	return ms + scale(rnd, ms / 100 * set->failback_jitter);
}


/**
 * Time until the account registers anew after its connection has ended. A
 * server that restarts must not get all of its phones at the same time.
 *
 * @param rnd Random number, uniform over all values
 *
 * @return Waiting time, up to a second [ms]
 */
uint32_t schedule_flow_ms(uint32_t rnd)
{
	return scale(rnd, FLOW_SPREAD_MS);
}


/**
 * Time until a binding is refreshed. It leaves enough time to find that a
 * server is dead before the binding expires.
 *
 * @param set        Settings of the account
 * @param expires_ms Time that the registrar has granted, above 0 [ms]
 *
 * @return Time, at most 90 % of the expiry and at least REFRESH_MIN_MS [ms]
 */
uint64_t schedule_refresh_ms(const struct settings *set, uint64_t expires_ms)
{
	const uint64_t spare = schedule_giveup_ms(set, false) + T1_MS;
	uint64_t ms = expires_ms / 10 * 9;

	if (expires_ms - ms < spare)
		ms = expires_ms > 2 * spare ? expires_ms - spare :
			expires_ms / 2;

	return ms > REFRESH_MIN_MS ? ms : REFRESH_MIN_MS;
}


/**
 * Time until the next round after every server has failed, RFC 5626
 * section 4.5: 50 to 100 % of min(1800 s, 30 s * 2^failures)
 *
 * @param failedc Rounds failed in a row, 1 or more
 * @param rnd     Random number, uniform over all values
 *
 * @return Waiting time [ms]
 */
uint32_t schedule_round_ms(unsigned failedc, uint32_t rnd)
{
	uint32_t s = ROUND_MAX_S;

	if (failedc < ROUND_DOUBLE)
		s = ROUND_BASE_S << failedc;

	return s * 500 + scale(rnd, s * 500);
}
