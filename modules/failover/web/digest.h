/**
 * @file digest.h  Digest authentication of a request, RFC 7616
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIGEST_H
#define FAILOVER_DIGEST_H

#include "compat.h"

struct digest;

int  digest_alloc(struct digest **digestp, const char *user,
		  const char *password);
bool digest_check(struct digest *digest, const struct http_msg *msg);
int  digest_challenge(struct re_printf *pf, struct digest *digest);

#endif
