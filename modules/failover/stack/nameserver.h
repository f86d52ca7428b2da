/**
 * @file nameserver.h  The name servers that Baresip uses
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_NAMESERVER_H
#define FAILOVER_NAMESERVER_H

#include <re.h>

uint32_t nameserver_list(struct sa *v, uint32_t max);

#endif
