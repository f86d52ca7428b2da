/**
 * @file network.h  Addresses and routes of the machine
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_NETWORK_H
#define FAILOVER_NETWORK_H

#include "compat.h"

typedef void (network_h)(bool added);

int  network_open(network_h *h);
void network_close(void);
bool network_is_watched(void);
unsigned network_changes(void);
bool network_lacks(const struct sa *addr);
int  network_source(struct sa *src, const struct sa *dst);

#endif
