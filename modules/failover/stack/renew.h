/**
 * @file renew.h  Reopens Baresip's SIP sockets
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_RENEW_H
#define FAILOVER_RENEW_H

#include "compat.h"

/** All accounts register anew, and calls have been refreshed */
typedef void (renew_h)(void);

void renew_open(renew_h *h);
void renew_close(void);
void renew_sockets(void);

#endif
