/**
 * @file files.h  The files of the page, embedded by the build
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FILES_H
#define FAILOVER_FILES_H

#include <stddef.h>
#include <stdint.h>

/** A file */
struct file {
	const char *path;            /**< Path that it is served at          */
	const char *ctype;           /**< Content-Type                       */
	const uint8_t *data;
	size_t size;                 /**< [bytes]                            */
};

extern const struct file filev[];    /**< The page first, its path is "/"    */
extern const size_t filec;

#endif
