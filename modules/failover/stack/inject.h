/**
 * @file inject.h  An answer that libre gets from ourselves
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_INJECT_H
#define FAILOVER_INJECT_H

#include "compat.h"

int inject_response(const struct sip_msg *req, uint16_t scode,
		    const char *reason);

#endif
