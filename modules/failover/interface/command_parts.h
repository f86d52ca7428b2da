/**
 * @file command_parts.h  What the commands have in common
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMMAND_PARTS_H
#define FAILOVER_COMMAND_PARTS_H

#include "compat.h"

struct line;

const char *command_params(void *arg);
struct pl command_word(const char **p);
int command_print_aors(struct re_printf *pf, const void *arg);
struct line *command_lookup(const struct pl *name);
int command_find(struct line **linep, struct re_printf *pf,
		 const struct pl *aor);
int command_managed(struct line **linep, struct re_printf *pf,
		    const struct pl *name);

int command_switch(struct re_printf *pf, void *arg);
int command_probe(struct re_printf *pf, void *arg);
int command_maintenance(struct re_printf *pf, void *arg);
int command_test(struct re_printf *pf, void *arg);
int command_set(struct re_printf *pf, void *arg);
int command_save(struct re_printf *pf, void *arg);
int command_diff(struct re_printf *pf, void *arg);

#endif
