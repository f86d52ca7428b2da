/**
 * @file plan.h  The changes to write to Baresip's files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PLAN_H
#define FAILOVER_PLAN_H

#include <re.h>
#include "store.h"

struct changed;
struct line;

enum {
	PLAN_ACCOUNTS,
	PLAN_CONFIG,
	PLAN_FILES,
};

/** One of Baresip's files */
struct plan_file {
	const char *name;
	struct store read;           /**< As Baresip has read it             */
};

/** The change of a file */
struct plan {
	struct plan_file *file;
	struct store now;            /**< As it is on the disk               */
	struct mbuf *mb;             /**< New text; NULL: no change          */
	struct changed **changev;    /**< The changes in it, referenced      */
	size_t changec;
	char *reason;                /**< Why the change is refused          */
	char failed[STORE_REASON];   /**< Why it could not be written        */
	int err;
};

int  plan_read(struct store *st, const char *name, char *reason);
int  plan_all(struct plan *planv, struct plan_file *filev,
	      const struct line *line);
int  plan_print_refusal(struct re_printf *pf, const struct plan *plan);
int  plan_print_diff(struct re_printf *pf, const struct plan *plan);
bool plan_is_stale(const struct plan *plan);
bool plan_is_as_before(const struct plan *plan);
void plan_write(struct plan *planv);
void plan_reset(struct plan *planv);

#endif
