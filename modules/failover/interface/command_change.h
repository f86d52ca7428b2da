/**
 * @file command_change.h  Commands that change settings
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMMAND_CHANGE_H
#define FAILOVER_COMMAND_CHANGE_H

#include "compat.h"

int command_change_set(struct re_printf *pf, void *arg);
int command_change_save(struct re_printf *pf, void *arg);
int command_change_diff(struct re_printf *pf, void *arg);

#endif
