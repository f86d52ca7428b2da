/**
 * @file json.h  Text as JSON string and as label of metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_JSON_H
#define FAILOVER_JSON_H

#include "compat.h"

int json_string(struct re_printf *pf, const char *text);
int json_label(struct re_printf *pf, const char *text);
void json_printer(struct re_printf *pf, struct mbuf *mb);

#endif
