/**
 * @file history.h  The history of an account
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_HISTORY_H
#define FAILOVER_HISTORY_H

#include <re.h>

struct decision;
struct line;

enum {
	HISTORY_MAX = 100,           /**< Changes kept for an account        */
};

/** A change of the server in use */
struct history {
	struct le le;
	int64_t time;                /**< Time of day [s since 1970]         */
	unsigned from;               /**< Server, 0: none was in use         */
	unsigned to;                 /**< Server, 0: none was left           */
	uint64_t recovery_ms;        /**< Duration of recovery, 0: none      */
	char *reason;                /**< For the user                       */
};

void history_decision(struct line *line, const struct decision *d,
		      int64_t wall, uint64_t recovery_ms);
int  history_print(struct re_printf *pf, const struct line *line);
int  history_dict(struct odict **odp, const struct line *line);

#endif
