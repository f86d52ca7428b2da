/**
 * @file targets.h  The servers of an account change in DNS
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TARGETS_H
#define FAILOVER_TARGETS_H

struct line;

void targets_open(void);
void targets_close(void);
void targets_read(struct line *line);
void targets_read_again(void);
void targets_look_up(struct line *line);
void targets_settled(struct line *line);

#endif
