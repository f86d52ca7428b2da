/**
 * @file config.h  An account line and the config file
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
void config_apply(struct line *line);
int  config_account(struct line *line);
int  config_account_changed(struct line *line);
bool config_param_now(const struct line *line, const char *name,
		      struct pl *val);
void config_next_server(struct pl *uri, struct pl *list);
bool config_decode_regint(uint32_t *s, const struct pl *pl);
bool config_param(const struct line *line, const char *name, struct pl *val);

#endif
