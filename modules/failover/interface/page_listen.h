/**
 * @file page_listen.h  Where the page is, and who may see it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PAGE_LISTEN_H
#define FAILOVER_PAGE_LISTEN_H

#include <re.h>
#include "rewrite.h"

struct web_ops;

bool page_listen_is_key(const char *key);
bool page_listen_is_secret(const char *key);
char *page_listen_error(const struct rewrite_change *chg);
int  page_listen_change(const char **keyp, char **errorp);
void page_listen_open(const struct web_ops *ops);
void page_listen_reread(void);
void page_listen_close(void);

#endif
