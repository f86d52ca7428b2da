/**
 * @file clean.h  Makes the output of commands safe text
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CLEAN_H
#define FAILOVER_CLEAN_H

#include "compat.h"

int clean_print(struct re_printf *pf, re_printf_h *h, void *arg);

#endif
