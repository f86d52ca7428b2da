/**
 * @file table.h  The status of an account, for a reader
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TABLE_H
#define FAILOVER_TABLE_H

#include <re.h>

struct line;

int table_print(struct re_printf *pf, const struct line *line);

#endif
