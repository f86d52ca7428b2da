/**
 * @file set_key.h  Keys that cannot be changed at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SET_KEY_H
#define FAILOVER_SET_KEY_H

#include <stdbool.h>

bool set_key_is_switch(const char *key);
int set_key_refusal(char **errorp, const char *key);

#endif
