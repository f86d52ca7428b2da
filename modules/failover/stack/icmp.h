/**
 * @file icmp.h  ICMP errors of packets that libre has sent over UDP
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ICMP_H
#define FAILOVER_ICMP_H

#include "compat.h"

/**
 * An ICMP message has come for a packet of a SIP socket. Anyone who knows the
 * addresses can forge one. But nobody can guess the quoted part of the packet.
 *
 * @param dst   Destination of the packet
 * @param err   Error, as in errno
 * @param quote Beginning of the sent packet, possibly empty
 */
typedef void (icmp_h)(const struct sa *dst, int err, const struct pl *quote);

void icmp_open(icmp_h *h);
void icmp_close(void);
bool icmp_expect(const struct sa *laddr);
void icmp_listen(struct udp_sock *us);

#endif
