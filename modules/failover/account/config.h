/**
 * @file config.h  The settings, from the config file and account lines
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONFIG_H
#define FAILOVER_CONFIG_H

#include <re.h>

struct line;

void config_open(void);
bool config_reread(void);
void config_close(void);
void config_changed(void);
void config_read(struct line *line, bool warn);
void config_apply(struct line *line);
uint32_t config_rwait(const struct line *line);
bool config_param_now(const struct line *line, const char *name,
		      struct pl *val);
bool config_param(const struct line *line, const char *name, struct pl *val);

#endif
