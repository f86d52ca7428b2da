/**
 * @file reply.h  The result of a command, as JSON
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REPLY_H
#define FAILOVER_REPLY_H

#include "web.h"

struct httpd_conn;

uint16_t reply_code(int err);
void reply_text(struct httpd_conn *conn, int err, struct mbuf *text,
		const char *member, const struct web_change *changev,
		size_t changec);

#endif
