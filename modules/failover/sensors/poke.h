/**
 * @file poke.h  Is anybody there?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_POKE_H
#define FAILOVER_POKE_H

#include "compat.h"

struct line;
struct poke;

int  poke_alloc(struct poke **pokep, struct line *line, unsigned server);
void poke_connect(struct poke *poke, const struct sa *dst, uint64_t since);

#endif
