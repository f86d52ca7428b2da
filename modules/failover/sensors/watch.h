/**
 * @file watch.h  Connections that an account is registered over
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WATCH_H
#define FAILOVER_WATCH_H

#include "compat.h"

struct line;
struct renumber;

void watch_begin(struct line *line, unsigned server, enum sip_transp tp,
		 const struct sa *dst);
void watch_clean_up(const struct line *line);
void watch_renumber(const struct line *line, const struct renumber *rn);
void watch_forget(struct line *line);

#endif
