/**
 * @file withhold.h  Keeps packets off the wire
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WITHHOLD_H
#define FAILOVER_WITHHOLD_H

#include "compat.h"

typedef bool (withhold_h)(const struct pl *pkt, const struct pl *branch,
			  int *err);

int  withhold_open(withhold_h *h);
void withhold_close(void);
void withhold_linger(const char *branch, uint64_t until);
void withhold_pass(const uint8_t *pkt, size_t len);
bool withhold_is_ready(const struct sa *dst);

#endif
