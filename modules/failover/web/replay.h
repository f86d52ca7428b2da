/**
 * @file replay.h  Requests that were sent again
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REPLAY_H
#define FAILOVER_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REPLAY_NONCES = 32,          /**< In use at the same time            */
};

/** The requests that were made with each nonce */
struct replay {
	struct {
		uint64_t number;     /**< Of the nonce, 0: not in use        */
		uint32_t top;        /**< Highest count                      */
		uint64_t seen;       /**< Bit n: top - n was there           */
	} v[REPLAY_NONCES];
	uint64_t forgotten;          /**< Highest number that was dropped    */
};

bool replay_is_new(struct replay *replay, uint64_t number, uint32_t count);

#endif
