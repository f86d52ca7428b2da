/**
 * @file entry.h  Lines in the text of an accounts file
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ENTRY_H
#define FAILOVER_ENTRY_H

#include <re.h>

int entry_next(struct pl *text, char **aorp, const char **p, const char *end,
	       size_t max);
int entry_is_whole(const struct pl *text, size_t max, char **reasonp);

#endif
