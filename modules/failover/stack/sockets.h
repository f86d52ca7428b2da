/**
 * @file sockets.h  Baresip's UDP sockets for SIP
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SOCKETS_H
#define FAILOVER_SOCKETS_H

#include "compat.h"

/**
 * A socket was found
 *
 * @param us Socket, which belongs to Baresip
 *
 * @return 0 if success, otherwise errorcode: then it does not count as found
 */
typedef int (sockets_h)(struct udp_sock *us);

int  sockets_open(sockets_h *h);
void sockets_close(void);
void sockets_update(void);
int  sockets_fd(const struct sa *dst);
bool sockets_are_found(void);
bool sockets_are_unread(void);
bool sockets_is_knock(const struct sip_msg *msg);

#endif
