/**
 * @file invite.h  What is heard of calls that are not answered yet
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_INVITE_H
#define FAILOVER_INVITE_H

#include "compat.h"

struct line;

void invite_outgoing(struct line *line, struct call *call);
void invite_offer(struct line *line, struct call *call);
void invite_sent(struct line *line, const struct pl *callid, bool again);
void invite_answered(struct line *line, const struct sip_msg *msg,
		     const struct sa *src);
void invite_closed(struct call *call, const char *text);
void invite_established(struct call *call);

#endif
