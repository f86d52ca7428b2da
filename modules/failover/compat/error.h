/**
 * @file error.h  The errors in texts of libre and Baresip
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ERROR_H
#define FAILOVER_ERROR_H

#include <re.h>

uint16_t error_status_code(const char *text);
bool error_is(const char *text, int err);
bool error_is_want(int err);
bool error_says_want(const char *text);

#endif
