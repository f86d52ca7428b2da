/**
 * @file keys.h  What Baresip would ignore silently
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_KEYS_H
#define FAILOVER_KEYS_H

#include <re.h>

/** Keys of the page, for the config file alone */
enum keys_page {
	KEYS_LISTEN,
	KEYS_USER,
	KEYS_PASSWORD,
	KEYS_CERT,
	KEYS_PAGE,                   /**< Number of them                     */
};

const char *keys_page(enum keys_page key);
void keys_check_config(void);
void keys_check_account(const char *name, const struct pl *params);

#endif
