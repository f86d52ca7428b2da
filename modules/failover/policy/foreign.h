/**
 * @file foreign.h  Text that others have written
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FOREIGN_H
#define FAILOVER_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

size_t foreign_decode(uint32_t *chr, const char *text, size_t len);
void foreign_clean(char *dst, size_t size, const char *src, size_t len);
void foreign_answer(char *dst, size_t size, const char *met, unsigned scode,
		    const char *reason, size_t len);

#endif
