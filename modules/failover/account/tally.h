/**
 * @file tally.h  Counters of an account, for /metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TALLY_H
#define FAILOVER_TALLY_H

#include "state.h"

struct renumber;

enum {
	TALLY_BUCKETS = 9,           /**< Of tally_recoveries()              */
};

/** Why a server was given up */
enum tally_cause {
	TALLY_TIMEOUT,               /**< It did not answer                  */
	TALLY_STATUS,                /**< Answer with one of the codes       */
	TALLY_UNREACHABLE,           /**< ICMP, no route                     */
	TALLY_CONNECTION,            /**< TCP: refused or lost               */
	TALLY_TLS,                   /**< Certificate, handshake             */
	TALLY_DNS,                   /**< Its name does not resolve          */
	TALLY_OTHER,
	TALLY_CAUSES
};

/** Counters of an account */
struct tally {
	unsigned failurev[MAX_SERVERS][TALLY_CAUSES];
	uint64_t active_msv[MAX_SERVERS];/**< In use before `active_since`   */
	unsigned active;             /**< In use now, 0: none                */
	uint64_t active_since;       /**< ... since when [ms]                */
	int64_t switched;            /**< Last switch [s since 1970], or 0   */
	uint64_t failing_since;      /**< Without server since, or 0 [ms]    */
};

/** Durations of recoveries, of all accounts */
struct tally_recoveries {
	unsigned bucketv[TALLY_BUCKETS];/**< Up to the limit, not above the
					     one before                      */
	unsigned count;              /**< With those above all limits        */
	uint64_t sum_ms;
};

uint64_t tally_decision(struct tally *t, const struct policy *p,
			const struct decision *d, uint64_t now, int64_t wall);
const struct tally_recoveries *tally_recoveries(void);
uint64_t tally_active_ms(const struct tally *t, unsigned server,
			 uint64_t now);
void tally_renumber(struct tally *t, const struct renumber *rn);
const char *tally_limitname(unsigned bucket);
const char *tally_causename(enum tally_cause cause);

#endif
