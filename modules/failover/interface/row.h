/**
 * @file row.h  Lines in the text of a config file
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ROW_H
#define FAILOVER_ROW_H

#include <re.h>

/** A line of a config file */
struct row {
	const char *begin;           /**< Of the line                        */
	const char *end;             /**< Before its line break              */
	const char *next;            /**< Of the next line                   */
	struct pl key;               /**< First word, empty if there is none */
	struct pl raw;               /**< Value with its quotation marks     */
	struct pl val;               /**< Value, empty if it has none        */
};

bool row_is_blank(char c);
bool row_next(struct row *row, const char **p, const char *end);
bool row_find(struct row *row, const struct pl *file, const char *key);

#endif
