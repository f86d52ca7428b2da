/**
 * @file wire_answer.h  Answers to requests of our accounts
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WIRE_ANSWER_H
#define FAILOVER_WIRE_ANSWER_H

#include "compat.h"

bool wire_answer_received(struct sip_msg *msg, const struct sa *src);

#endif
