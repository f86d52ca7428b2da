/**
 * @file rewrite.h  Changes values in the text of Baresip's files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REWRITE_H
#define FAILOVER_REWRITE_H

#include <re.h>

/** One value to change */
struct rewrite_change {
	const char *key;             /**< Name of parameter or config key    */
	const char *val;             /**< New value; NULL or empty: remove   */
};

/** Changes of a line of the accounts file */
struct rewrite_line {
	const char *aor;             /**< As account_aor() returns it        */
	unsigned nth;                /**< Index among lines of this AOR      */
	unsigned count;              /**< How many such lines there must be  */
	const struct rewrite_change *changev; /**< Applied in this order     */
	size_t changec;              /**< Number of them                     */
};

/** Is the value removed? */
static inline bool rewrite_removes(const struct rewrite_change *chg)
{
	return !chg->val || !*chg->val;
}


int rewrite_accounts(struct mbuf **mbp, const struct pl *file,
		     const struct rewrite_line *linev, size_t linec,
		     size_t max, char **reasonp);
int rewrite_config(struct mbuf **mbp, const struct pl *file,
		   const struct rewrite_change *changev, size_t changec,
		   char **reasonp);

#endif
