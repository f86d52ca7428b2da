/**
 * @file page.h  The functions that the web page uses
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PAGE_H
#define FAILOVER_PAGE_H

void page_open(void);
void page_close(void);

#endif
