/**
 * @file wire_request.h  Requests of our accounts that are about to be sent
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WIRE_REQUEST_H
#define FAILOVER_WIRE_REQUEST_H

#include "compat.h"

struct sent;

bool wire_request_sent(struct sent *sent, enum sip_transp tp,
		       const struct sa *dst);

#endif
