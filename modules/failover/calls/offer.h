/**
 * @file offer.h  An offer within a call that is not sent
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_OFFER_H
#define FAILOVER_OFFER_H

#include "compat.h"

struct line;

void offer_made(struct line *line, const struct call *call);
void offer_sent(const struct pl *callid);
void offer_forget(const struct line *line);

#endif
