/**
 * @file lookup.h  All addresses that a server's name stands for
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_LOOKUP_H
#define FAILOVER_LOOKUP_H

#include "compat.h"

struct line;

typedef void (lookup_judge_h)(struct line *line, unsigned server,
			      const struct sa *dst, uint64_t since,
			      const char *reason);

void lookup_open(lookup_judge_h *h);
void lookup_start(struct line *line, unsigned server);
bool lookup_defer(struct line *line, unsigned server, const struct sa *dst,
		  uint64_t since, const char *reason);
void lookup_forget(struct line *line);

#endif
