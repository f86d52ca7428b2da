/**
 * @file param.h  Parameters in the text of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PARAM_H
#define FAILOVER_PARAM_H

#include <re.h>

/** A place where libre may find a parameter */
struct param {
	const char *begin;           /**< Its semicolon                      */
	struct pl name;              /**< Name, can be empty                 */
	struct pl raw;               /**< Value with its quotation marks     */
	struct pl val;               /**< Value, empty if it has none        */
	bool nested;                 /**< Within quotation marks             */
};

/** The position of a walk through the parameters */
struct param_walk {
	const char *p;
	const char *end;
	bool quote;
};

bool param_is_name(const struct pl *name);
void param_begin(struct param_walk *walk, const struct pl *params);
bool param_next(struct param_walk *walk, struct param *par);
bool param_find(struct param *par, const struct pl *params, const char *name);
bool param_find_flag(struct param *par, const struct pl *params,
		     const char *name);
bool param_only(struct pl *other, const struct pl *was, const struct pl *is,
		const char *name);

#endif
