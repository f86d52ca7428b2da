/**
 * @file poke.h  Is anybody there?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_POKE_H
#define FAILOVER_POKE_H

#include "compat.h"

#define HOST_UNREACHABLE "ICMP host unreachable"

struct line;
struct poke;

int  poke_alloc(struct poke **pokep, struct line *line, unsigned server);
void poke_udp(struct poke *poke, const struct sa *dst, uint64_t since);
void poke_tcp(struct poke *poke, const struct sa *dst, uint64_t since);

#endif
