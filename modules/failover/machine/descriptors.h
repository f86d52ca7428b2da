/**
 * @file descriptors.h  The process' open file descriptors
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DESCRIPTORS_H
#define FAILOVER_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	DESCRIPTORS_MAX = 4096,      /**< Enough for any phone               */
};

size_t descriptors_open(int fdv[DESCRIPTORS_MAX]);
bool   descriptors_readable(int fd);
bool   descriptors_inode(ino_t *ino, int fd);
bool   descriptors_is(int fd, ino_t ino);

#endif
