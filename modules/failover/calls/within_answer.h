/**
 * @file within_answer.h  What a request within a dialog is answered
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WITHIN_ANSWER_H
#define FAILOVER_WITHIN_ANSWER_H

#include "compat.h"

struct sent;
struct txn;

bool within_answer_translate(struct sip_msg *msg);
bool within_answer(struct txn *txn, const struct sip_msg *msg,
		   const struct sa *src);
bool within_answer_ack_sent(struct sent *sent, enum sip_transp tp);

#endif
