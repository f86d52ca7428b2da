/**
 * @file within.h  Requests within a dialog, other than BYE
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WITHIN_H
#define FAILOVER_WITHIN_H

#include "compat.h"

struct line;
struct txn;

bool within_sent(struct txn *txn, struct sip_msg *msg, enum sip_transp tp,
		 bool again);
bool within_ack_sent(const struct sip_msg *msg, enum sip_transp tp);
bool within_translate(struct sip_msg *msg);
bool within_answered(struct txn *txn, const struct sip_msg *msg,
		     const struct sa *src);
void within_run(struct line *line);
void within_forget(const struct line *line);

#endif
