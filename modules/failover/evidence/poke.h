/**
 * @file poke.h  Is anybody there, where a connection of SIP's is silent?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_POKE_H
#define FAILOVER_POKE_H

#include "compat.h"

struct line;

void poke_server(struct line *line, unsigned server, const struct sa *dst,
		 uint64_t since);
void poke_look(struct line *line, unsigned server);

#endif
