/**
 * @file set_servers.h  Changes of an account's servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SET_SERVERS_H
#define FAILOVER_SET_SERVERS_H

#include "rewrite.h"
#include "state.h"

struct line;

enum {
	/** outbound, outbound2, failover_servers, regint, and one expiry for
	    each further server */
	SET_SERVERS_PARAMS = 4 + MAX_SERVERS - 1,
};

/** Parameters of an account line, and their new values */
struct set_servers {
	struct rewrite_change changev[SET_SERVERS_PARAMS];
	size_t changec;
	unsigned serverc;            /**< Servers after the change           */
	char *textv[2 * SET_SERVERS_PARAMS]; /**< Owned                      */
	size_t textc;
};

bool set_servers_is_key(const char *key);
const char *set_servers_error(const struct rewrite_change *chg);
int  set_servers_params(struct set_servers *set, const struct line *line,
			const struct rewrite_change *changev, size_t changec);
void set_servers_reset(struct set_servers *set);

#endif
