/**
 * @file bye_move.h  A BYE goes on through another server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_BYE_MOVE_H
#define FAILOVER_BYE_MOVE_H

struct line;

void bye_move_run(struct line *line);

#endif
