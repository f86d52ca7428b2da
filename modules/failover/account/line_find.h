/**
 * @file line_find.h  Whose message is this?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_LINE_FIND_H
#define FAILOVER_LINE_FIND_H

#include "compat.h"

struct glance;
struct line;

void line_find_add(struct line *line);
void line_find_remove(struct line *line);
void line_find_set_callid(struct line *line, const struct pl *callid);
struct line *line_find(const struct ua *ua);
struct line *line_find_called(const struct sip_msg *msg);
struct line *line_find_sent(const struct glance *g);
struct line *line_find_callid(const struct pl *callid);
struct line *line_find_answered(const struct sip_msg *msg);

#endif
