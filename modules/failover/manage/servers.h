/**
 * @file servers.h  Changes the servers of an account at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SERVERS_H
#define FAILOVER_SERVERS_H

#include <stdbool.h>

struct line;

int  servers_try(struct line **trialp, const struct line *line);
void servers_wait(struct line *line, struct line *trial);
void servers_adopt(struct line *line, struct line *trial, bool by_dns);

#endif
