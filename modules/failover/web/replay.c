/**
 * @file replay.c  Requests that were sent again
 *
 * Without https, somebody on the network path can send a request once more.
 * So a client counts its requests, RFC 7616 section 3.4, and each count is
 * accepted once. A browser has several connections, over which requests
 * overtake each other: the last 64 counts may come in any order.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include "replay.h"


enum {
	WINDOW = 64,                 /**< Bits in `seen`                     */
};


/* The nonce, or the place for it */
static size_t find(const struct replay *replay, uint64_t number)
{
	size_t lowest = 0;

	for (size_t i = 0; i < REPLAY_NONCES; i++) {

		if (replay->v[i].number == number)
			return i;
		if (replay->v[i].number < replay->v[lowest].number)
			lowest = i;
	}

	return lowest;
}


/**
 * Note a request, which has proved that its client knows the password
 *
 * @param replay Requests so far
 * @param number Number of its nonce, above 0; a later nonce has a higher one
 * @param count  Its nonce count, RFC 7616 section 3.4
 *
 * @return False if this count was there before, or if that is not known
 */
bool replay_is_new(struct replay *replay, uint64_t number, uint32_t count)
{
	const size_t i = find(replay, number);
	const uint64_t dropped = replay->v[i].number;
	uint32_t back;

	if (dropped != number) {

		if (number <= replay->forgotten)
			return false;

		if (dropped > replay->forgotten)
			replay->forgotten = dropped;

		replay->v[i].number = number;
		replay->v[i].top    = 0;
		replay->v[i].seen   = 1;
	}

	if (count > replay->v[i].top) {

		const uint32_t up = count - replay->v[i].top;

		replay->v[i].top  = count;
		replay->v[i].seen = up < WINDOW ?
			replay->v[i].seen << up | 1 : 1;
		return true;
	}

	back = replay->v[i].top - count;
	if (back >= WINDOW || replay->v[i].seen >> back & 1)
		return false;

	replay->v[i].seen |= (uint64_t)1 << back;

	return true;
}
