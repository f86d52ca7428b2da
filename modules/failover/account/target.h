/**
 * @file target.h  The addresses of a server's name
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TARGET_H
#define FAILOVER_TARGET_H

#include <re.h>

struct server;

bool target_has(const struct server *srv, const struct sa *addr);
void target_set(struct server *srv, const struct sa *addrv, size_t n);
void target_failed(struct server *srv, const struct sa *dst, bool silent,
		   uint64_t now);
void target_answered(struct server *srv, const struct sa *dst);
bool target_is_left(const struct server *srv, uint64_t now);
bool target_is_avoided(const struct server *srv, const struct sa *dst,
		       uint64_t now);

#endif
