/**
 * @file stall.h  Connections over which a request was not answered in time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STALL_H
#define FAILOVER_STALL_H

#include "compat.h"

struct line;

void stall_heard(enum sip_transp tp, const struct sa *peer);
void stall_end(struct line *line, unsigned server);
bool stall_leave(struct line *line, unsigned server);
void stall_drop_all(void);

#endif
