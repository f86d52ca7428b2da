/**
 * @file origin.h  Where the value of a key comes from
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ORIGIN_H
#define FAILOVER_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

struct line;

/** Where the value of a key comes from */
enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_CONFIG,               /**< The config file                    */
	ORIGIN_ACCOUNT,              /**< The account line                   */
	ORIGIN_CHANGED,              /**< Changed at run time                */
};

enum origin origin_value(const struct line *line, const char *key, char *val,
			 size_t size);
enum origin origin_switch(const struct line *line, bool *on);
const char *origin_name(enum origin origin);

#endif
