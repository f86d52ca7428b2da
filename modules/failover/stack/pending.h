/**
 * @file pending.h  TCP connections that nobody has accepted yet
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PENDING_H
#define FAILOVER_PENDING_H

#include "compat.h"

bool pending_is_there(const struct sa *dst);
void pending_end(const struct sa *dst);

#endif
