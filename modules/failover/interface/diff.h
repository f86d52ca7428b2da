/**
 * @file diff.h  The difference of two texts, line by line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIFF_H
#define FAILOVER_DIFF_H

#include <re.h>

/** Two versions of a file */
struct diff {
	const char *name;            /**< Of the file                        */
	struct pl was;               /**< Old text                           */
	struct pl is;                /**< New text                           */
};

int diff_print(struct re_printf *pf, const struct diff *diff);

#endif
