/**
 * @file dialog_call.h  Which dialog is that of a call?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIALOG_CALL_H
#define FAILOVER_DIALOG_CALL_H

struct call;
struct dialog;
struct line;

void dialog_call_established(const struct line *line, struct call *call);
struct dialog *dialog_call_find(const char *callid, const struct call *call);
struct dialog *dialog_call_closed(const struct line *line, struct call *call);

#endif
