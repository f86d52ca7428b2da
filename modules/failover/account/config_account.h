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

/** A server as written in the account line */
struct config_server {
	struct pl uri;               /**< Part of the account, or of a change*/
	uint32_t regint;             /**< Expiry requested from it [s]       */
};

int  config_account(struct line *line);
int  config_account_changed(struct line *line);
unsigned config_account_listed(const struct line *line,
			       struct config_server *v, unsigned max);
bool config_account_outbound(const struct line *line, unsigned server,
			     struct pl *uri);
void config_account_next_server(struct pl *uri, struct pl *list);
bool config_account_decode_switch(bool *on, const struct pl *val);
bool config_account_decode_regint(uint32_t *s, const struct pl *pl);

#endif
