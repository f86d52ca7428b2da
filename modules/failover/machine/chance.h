/**
 * @file chance.h  Random numbers, not for secrets
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CHANCE_H
#define FAILOVER_CHANCE_H

#include <stdint.h>

uint32_t chance_u32(void);

#endif
