/**
 * @file config_account.h  The servers of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONFIG_ACCOUNT_H
#define FAILOVER_CONFIG_ACCOUNT_H

#include <re.h>

struct line;

int  config_account(struct line *line);
int  config_account_changed(struct line *line);
void config_account_next_server(struct pl *uri, struct pl *list);
bool config_account_decode_regint(uint32_t *s, const struct pl *pl);

#endif
