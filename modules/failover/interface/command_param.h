/**
 * @file command_param.h  The parameters of a command
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMMAND_PARAM_H
#define FAILOVER_COMMAND_PARAM_H

#include "compat.h"

struct line;

const char *command_param_text(void *arg);
struct pl command_param_word(const char **p);
int command_param_print_aors(struct re_printf *pf, const void *arg);
int command_param_unknown(struct re_printf *pf, const struct pl *name);
struct line *command_param_lookup(const struct pl *name);
int command_param_find(struct line **linep, struct re_printf *pf,
		       const struct pl *aor);
int command_param_check(struct re_printf *pf, const struct line *line);
int command_param_managed(struct line **linep, struct re_printf *pf,
			  const struct pl *name);

#endif
