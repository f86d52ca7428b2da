/**
 * @file page_config.h  An account's servers and settings, for the page
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PAGE_CONFIG_H
#define FAILOVER_PAGE_CONFIG_H

#include <re.h>

int page_config(struct re_printf *pf, const char *aor);

#endif
