/**
 * @file renumber.h  The servers of an account have changed
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_RENUMBER_H
#define FAILOVER_RENUMBER_H

#include "state.h"

/** The new servers, and the numbers that they had before */
struct renumber {
	unsigned fromv[MAX_SERVERS]; /**< Number before, 0: new              */
	struct policy_place placev[MAX_SERVERS];/**< Among the others        */
	unsigned serverc;            /**< Number of servers now, 2 or more   */
	bool by_dns;                 /**< DNS changed them, not the user     */
};

/**
 * The number that a server has now
 *
 * @param rn     Change
 * @param before Number before, 0: none
 *
 * @return Number now, 0: it is gone, or there was none
 */
static inline unsigned renumber_to(const struct renumber *rn, unsigned before)
{
	for (unsigned i = 0; before && i < rn->serverc; i++) {
		if (rn->fromv[i] == before)
			return i + 1;
	}

	return 0;
}


unsigned renumber_set(const struct renumber *rn, unsigned before);
void renumber_policy(struct policy *p, const struct renumber *rn, bool anew,
		     uint64_t now, uint32_t rnd, struct decision *d);

#endif
