/**
 * @file action.h  Carries out the decisions of an account's policy
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ACTION_H
#define FAILOVER_ACTION_H

void action_open(void);

#endif
