/**
 * @file head.h  The head of an HTTP request, before it is decoded
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_HEAD_H
#define FAILOVER_HEAD_H

#include <stddef.h>

enum {
	HEAD_MAX   = 8192,           /**< Request line and headers [bytes]   */
	TARGET_MAX = 2048,           /**< Path and parameters [bytes]        */
	FIELDS_MAX = 256,            /**< Headers, and commas in them        */
	CTYPE_MAX  = 128,            /**< Content-Type [bytes]               */
};

size_t head_end(const char *p, size_t l, size_t from);
size_t head_authority(const char *p, size_t l, size_t *begin);
int    head_check(const char *p, size_t l);
int    head_length(const char *p, size_t l, size_t max, size_t *length);

#endif
