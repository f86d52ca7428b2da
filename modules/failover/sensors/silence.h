/**
 * @file silence.h  Requests that are not answered
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SILENCE_H
#define FAILOVER_SILENCE_H

struct txn;

void silence_watch(struct txn *txn);
void silence_unregistered(struct txn *txn);

#endif
