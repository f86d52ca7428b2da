/**
 * @file rewrite_line.h  Changes a parameter in the text of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REWRITE_LINE_H
#define FAILOVER_REWRITE_LINE_H

#include <re.h>

struct rewrite_change;

int rewrite_line_growth(ssize_t *growth, const struct pl *params,
			const struct rewrite_change *chg);
int rewrite_line(struct mbuf **mbp, const struct rewrite_change *chg,
		 char **reasonp);

#endif
