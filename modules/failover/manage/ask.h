/**
 * @file ask.h  The user tests a server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ASK_H
#define FAILOVER_ASK_H

struct line;

/**
 * Called when a test ends
 *
 * @param err  0 if the server has answered
 * @param text Result, for the user
 * @param arg  Handler argument
 */
typedef void (ask_h)(int err, const char *text, void *arg);

int  ask_start(struct line *line, const char *uri, ask_h *h, void *arg);
void ask_forget(struct line *line);
void ask_close(void);

#endif
