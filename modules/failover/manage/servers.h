/**
 * @file servers.h  The servers of an account change while the phone runs
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SERVERS_H
#define FAILOVER_SERVERS_H

struct line;

int  servers_try(struct line **trialp, const struct line *line);
void servers_adopt(struct line *line, struct line *trial);

#endif
