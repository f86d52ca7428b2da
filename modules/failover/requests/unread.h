/**
 * @file unread.h  What has arrived, and libre has not read yet
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_UNREAD_H
#define FAILOVER_UNREAD_H

#include "compat.h"

struct line;

enum {
	UNREAD_MS = 1,               /**< Until the next look                */
};

bool unread_is(const struct line *line, unsigned server);
bool unread_wait(uint64_t *since, const struct line *line, unsigned server,
		 uint64_t due);

#endif
