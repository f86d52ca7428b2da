/**
 * @file media.h  When the far end was last heard
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_MEDIA_H
#define FAILOVER_MEDIA_H

#include "compat.h"

struct media;

int media_alloc(struct media **mediap, const struct ua *ua,
		const struct call *call, const char *callid);
bool media_flows(const struct media *media, uint64_t since);

#endif
