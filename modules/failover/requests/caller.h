/**
 * @file caller.h  Which servers may send the phone a request
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CALLER_H
#define FAILOVER_CALLER_H

#include "compat.h"

void caller_received(const struct sip_msg *msg, const struct sa *src);
void caller_close(void);

#endif
