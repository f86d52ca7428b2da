/**
 * @file page_set.h  Changes that come from the page
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PAGE_SET_H
#define FAILOVER_PAGE_SET_H

#include "web.h"

int page_set(struct re_printf *pf, const char *aor,
	     struct web_change *changev, size_t changec);

#endif
