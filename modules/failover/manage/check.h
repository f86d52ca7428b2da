/**
 * @file check.h  Our own requests, and their outcomes
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CHECK_H
#define FAILOVER_CHECK_H

#include "line.h"

void check_send(struct line *line, enum check_kind kind, unsigned server);
void check_drop(struct line *line, enum check_kind kind);

#endif
