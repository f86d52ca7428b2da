/**
 * @file escape.h  Foreign text on the page: JSON, labels of metrics
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ESCAPE_H
#define FAILOVER_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

bool   escape_is_plain(const char *p, size_t l);
size_t escape_next(char *to, const char *p, size_t l, size_t *used,
		   bool json);

#endif
