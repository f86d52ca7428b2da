/**
 * @file set_value.h  What is wrong with a value that is set at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SET_VALUE_H
#define FAILOVER_SET_VALUE_H

#include "rewrite.h"

struct line;

char *set_value_error(const struct line *line,
		      const struct rewrite_change *chg);
char *set_value_line_error(const struct line *line);

#endif
