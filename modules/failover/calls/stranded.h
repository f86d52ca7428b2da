/**
 * @file stranded.h  Calls whose server accepts no connection
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STRANDED_H
#define FAILOVER_STRANDED_H

struct line;

void stranded_run(struct line *line);
void stranded_forget(const struct line *line);

#endif
