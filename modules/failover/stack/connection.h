/**
 * @file connection.h  TCP connections that have died unnoticed
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONNECTION_H
#define FAILOVER_CONNECTION_H

#include "compat.h"

void connection_end_dead(const struct sa *dst, enum sip_transp tp,
			 uint64_t silent_ms);
bool connection_is_there(const struct sa *dst);

#endif
