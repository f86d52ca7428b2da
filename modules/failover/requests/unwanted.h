/**
 * @file unwanted.h  Requests that are not to go out any more
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_UNWANTED_H
#define FAILOVER_UNWANTED_H

#include "compat.h"

struct line;
struct txn;

void unwanted_give_up(const struct line *line, unsigned server);
void unwanted_add(const char *callid, const char *met, unsigned server);
void unwanted_pass_over(struct txn *txn);
void unwanted_refuse(const struct line *line, unsigned server,
		     const struct sa *dst);
bool unwanted_is_branch(const struct pl *branch);
void unwanted_keep(const struct line *line);
void unwanted_add_branch(const struct pl *branch);
bool unwanted_is(const struct txn *txn);
bool unwanted_withhold(const struct pl *pkt, const struct pl *branch,
		       int *err);
void unwanted_close(void);

#endif
