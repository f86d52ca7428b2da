/**
 * @file registering.h  What is seen of Baresip's own REGISTER
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REGISTERING_H
#define FAILOVER_REGISTERING_H

#include "compat.h"

struct grant;
struct line;

void registering_begins(struct line *line);
void registering_sent(struct line *line, unsigned server, uint64_t since,
		      bool again);
void registering_answered(struct line *line, unsigned server, uint64_t since,
			  const struct sip_msg *msg);
void registering_ended(struct line *line, const char *text, bool ok);
void registering_grant(struct grant *grant, const struct line *line,
		       const struct sip_msg *msg, uint32_t expires,
		       uint64_t since);
void registering_undone(struct line *line);
void registering_stopped(struct line *line);

#endif
