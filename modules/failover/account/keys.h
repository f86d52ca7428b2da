/**
 * @file keys.h  What Baresip would ignore silently
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_KEYS_H
#define FAILOVER_KEYS_H

#include <re.h>

void keys_check_config(void);
void keys_check_account(const char *name, const struct pl *params);

#endif
