/**
 * @file filter.h  Which servers may send the phone a request
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FILTER_H
#define FAILOVER_FILTER_H

#include "compat.h"

void filter_received(const struct sip_msg *msg, const struct sa *src);
void filter_close(void);

#endif
