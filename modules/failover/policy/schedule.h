/**
 * @file schedule.h  Times of RFC 3261 and RFC 5626
 *
 * Plain C: time and randomness are arguments.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SCHEDULE_H
#define FAILOVER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct settings;

enum {
	T1_MS  = 500,                /**< RFC 3261 section 17.1.1.1          */
	T2_MS  = 4000,               /**< RFC 3261 section 17.1.2.2          */
	TIMER_SLACK_MS = 5,          /**< Timers that expire together        */
	RETRY_MS = 1000,             /**< Try again after a failed send      */
	STALL_MS = 2000,             /**< This late: process was stopped     */
	TRANSACTION_MS = 64 * T1_MS, /**< Timer B and F, RFC 3261 table 4    */
};

uint32_t schedule_giveup_ms(const struct settings *set, bool invite);
uint32_t schedule_failback_ms(const struct settings *set, uint32_t rnd);
uint32_t schedule_flow_ms(uint32_t rnd);
uint64_t schedule_refresh_ms(const struct settings *set, uint64_t expires_ms);
uint32_t schedule_round_ms(unsigned failedc, uint32_t rnd);

#endif
