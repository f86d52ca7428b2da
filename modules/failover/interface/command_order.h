/**
 * @file command_order.h  Commands that move accounts and test servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMMAND_ORDER_H
#define FAILOVER_COMMAND_ORDER_H

#include "compat.h"

int command_order_switch(struct re_printf *pf, void *arg);
int command_order_probe(struct re_printf *pf, void *arg);
int command_order_maintenance(struct re_printf *pf, void *arg);
int command_order_test(struct re_printf *pf, void *arg);

#endif
