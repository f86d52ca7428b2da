/**
 * @file metrics.h  Metrics for Prometheus
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_METRICS_H
#define FAILOVER_METRICS_H

#include <re.h>

struct line;

unsigned metrics_count(void);
int metrics_print(struct re_printf *pf, unsigned family,
		  const struct line *line);

#endif
