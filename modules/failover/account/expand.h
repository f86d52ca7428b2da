/**
 * @file expand.h  The servers that names stand for
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_EXPAND_H
#define FAILOVER_EXPAND_H

#include <stdbool.h>

struct line;

void expand_servers(struct line *line);
bool expand_is_waiting(const struct line *line);
bool expand_has_list(const struct line *line);
void expand_release(struct line *line);

#endif
