/**
 * @file reason.h  Why a request could not be sent, in words for the user
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REASON_H
#define FAILOVER_REASON_H

#include <stddef.h>

struct server;

void reason_describe(const struct server *srv, const char *text, char *reason,
		     size_t size);

#endif
