/**
 * @file word.h  How much two words differ
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WORD_H
#define FAILOVER_WORD_H

unsigned word_distance(const char *a, const char *b);

#endif
