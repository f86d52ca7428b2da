/**
 * @file accounts.h  Adds and removes accounts
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ACCOUNTS_H
#define FAILOVER_ACCOUNTS_H

#include <stdbool.h>

struct line;
struct ua;

void accounts_begin(struct line *line);
void accounts_tell_unmanaged(const struct line *line);
int  accounts_add(struct line **linep, struct ua *ua);
void accounts_let_go(struct line *line);
void accounts_take_over(struct line *line);
void accounts_scan(void);
bool accounts_reread(void);
void accounts_reconfigure(struct line *line);
bool accounts_is_gone(const struct line *line);
void accounts_close(void);

#endif
