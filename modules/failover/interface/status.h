/**
 * @file status.h  The status of an account, for programs
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STATUS_H
#define FAILOVER_STATUS_H

#include <re.h>

struct line;

int status_json(struct re_printf *pf, const struct line *line);

#endif
