/**
 * @file bye.h  Calls that are being hung up
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_BYE_H
#define FAILOVER_BYE_H

#include "compat.h"

struct line;

void bye_sent(const struct sip_msg *msg, bool via_server, bool again);
void bye_answered(const struct sip_msg *msg, const struct sa *src);
void bye_received(const struct sip_msg *msg);
void bye_closed(const struct line *line, struct call *call);
void bye_run(struct line *line);
void bye_forget(const struct line *line);

#endif
