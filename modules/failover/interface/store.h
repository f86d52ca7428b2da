/**
 * @file store.h  Reads a file and writes it back safely
 *
 * Plain C. May be called from another thread, since it may wait for the disk.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STORE_H
#define FAILOVER_STORE_H

#include <stddef.h>

enum {
	STORE_MAX    = 1024 * 1024,  /**< Largest file                       */
	STORE_REASON = 256,          /**< Size of a reason                   */
};

/** A file as it was read */
struct store {
	char *path;                  /**< Symbolic links followed            */
	char *data;                  /**< Its text, not terminated           */
	size_t len;                  /**< Its length                         */
};

int  store_read(struct store *st, const char *path, char *reason);
int  store_write(const struct store *st, const char *data, size_t len,
		 char *reason);
void store_reset(struct store *st);

#endif
