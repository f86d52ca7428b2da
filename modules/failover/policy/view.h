/**
 * @file view.h  The policy's state, for timers and reports
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_VIEW_H
#define FAILOVER_VIEW_H

#include "state.h"

void view_unanswered(char *buf, size_t size, const char *met,
		     unsigned sends, uint64_t ms);
void view_slow(char *buf, size_t size, uint64_t took_ms, uint64_t given_ms);
unsigned view_active(const struct policy *p);
const char *view_statename(const struct policy *p);
const char *view_server(const struct policy_server *srv);

#endif
