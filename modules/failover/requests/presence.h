/**
 * @file presence.h  Presence follows the account
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PRESENCE_H
#define FAILOVER_PRESENCE_H

#include <stdbool.h>

struct line;

bool presence_is_shown(const char *uri, const char *event);
void presence_lost(struct line *line);
void presence_registered(struct line *line, unsigned server);

#endif
