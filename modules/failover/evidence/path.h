/**
 * @file path.h  Is there a way from this machine to an account's servers?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PATH_H
#define FAILOVER_PATH_H

#include <stdbool.h>

#define HOST_UNREACHABLE "ICMP host unreachable"

struct line;

enum path {                          /* the better first */
	PATH_SAME,                   /**< There is                           */
	PATH_STALE,                  /**< Not from where it was any more     */
	PATH_BARE,                   /**< ... but Baresip has no socket      */
	PATH_NONE,                   /**< There is none                      */
};

enum path path_find(const struct line *line);
void path_note(struct line *line);
bool path_has_connections(const struct line *line);
bool path_is_settling(const struct line *line, const char *reason);

#endif
