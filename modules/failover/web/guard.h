/**
 * @file guard.h  Who may see the page, and who may change settings
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_GUARD_H
#define FAILOVER_GUARD_H

#include "compat.h"

enum {
	GUARD_TOKEN_SIZE = 33,       /**< 128 bits in hex, with 0 byte       */
};

struct digest;
struct guard;

int  guard_alloc(struct guard **guardp);
void guard_set(struct guard *guard, bool tls, struct digest *digest);
const char *guard_token(const struct guard *guard);
uint16_t guard_check(struct guard *guard, const struct http_msg *msg,
		     const char **why);
int  guard_challenge(struct re_printf *pf, struct guard *guard);

#endif
