/**
 * @file chance.c  Random numbers, not for secrets
 *
 * They spread times, so that phones do not all act at once. Each report to the
 * policy passes one, mostly unused. libre's rand_u32() calls OpenSSL, which
 * takes 3,000 instructions for each.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <re.h>
#include "chance.h"


/**
 * A random number
 *
 * @return Number, uniform over all values
 */
uint32_t chance_u32(void)
{
	static uint64_t state;
	uint64_t x;

	if (!state)
		state = rand_u64();

	/* SplitMix64 */
	state += 0x9e3779b97f4a7c15ULL;
	x = state;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;

	return (uint32_t)(x >> 32);
}
