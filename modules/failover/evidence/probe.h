/**
 * @file probe.h  Is anybody there, where a connection of SIP's is silent?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PROBE_H
#define FAILOVER_PROBE_H

#include "compat.h"

struct line;

void probe_address(struct line *line, unsigned server, const struct sa *dst,
		 uint64_t since);
void probe_server(struct line *line, unsigned server);

#endif
