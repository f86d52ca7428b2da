/**
 * @file subscription.h  Subscriptions follow the account
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SUBSCRIPTION_H
#define FAILOVER_SUBSCRIPTION_H

#include "compat.h"

struct line;
struct renumber;

void subscription_sent(struct line *line, unsigned server,
		       struct sip_msg *msg);
void subscription_answered(const struct sip_msg *msg);
void subscription_notified(const struct sip_msg *msg);
bool subscription_leave(const struct line *line, unsigned server);
bool subscription_lost(const struct line *line, unsigned server);
void subscription_renumber(const struct line *line,
			   const struct renumber *rn);
void subscription_forget(const struct line *line);

#endif
