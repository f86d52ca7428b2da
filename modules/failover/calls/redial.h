/**
 * @file redial.h  Calls go on through another server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REDIAL_H
#define FAILOVER_REDIAL_H

#include <stdbool.h>

struct dial;
struct line;

void redial_run(struct line *line);
void redial_silence(struct dial *dial);
void redial_abandon(struct dial *dial);
void redial_watch(struct dial *dial);
void redial_fail(struct dial *dial);
struct dial *redial_being_placed(void);

#endif
