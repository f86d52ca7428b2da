/**
 * @file save.h  Writes the changes to Baresip's files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SAVE_H
#define FAILOVER_SAVE_H

#include <re.h>

struct line;

/**
 * Writing has ended
 *
 * @param err  0 if success, otherwise errorcode
 * @param text What was written, or why it was not
 * @param arg  Handler argument
 */
typedef void (save_h)(int err, const char *text, void *arg);

void save_open(void);
void save_reread(void);
void save_close(void);
int  save_print_diff(struct re_printf *pf, const struct line *line);
int  save_write(struct re_printf *pf, const struct line *line);
int  save_start(struct re_printf *pf, const struct line *line, save_h *h,
		void *arg);
void save_forget(const void *arg);

#endif
