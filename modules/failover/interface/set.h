/**
 * @file set.h  Changes settings at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SET_H
#define FAILOVER_SET_H

#include "rewrite.h"

struct line;

/**
 * What is wrong with a value
 *
 * @param key   Key
 * @param error What is wrong and what is allowed, part of a sentence
 * @param arg   Handler argument
 */
typedef void (set_error_h)(const char *key, const char *error, void *arg);

bool set_is_for_unmanaged(const char *key);
int  set_values(struct line *line, const struct rewrite_change *changev,
	       size_t changec, set_error_h *errorh, void *arg);

#endif
