/**
 * @file icmp.h  Errors of the very packets that libre has sent over UDP
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ICMP_H
#define FAILOVER_ICMP_H

#include "compat.h"

/**
 * An ICMP message came for a packet that left by a SIP socket. Whoever knows
 * the addresses can forge one; what it quotes of the packet cannot be guessed.
 *
 * @param dst   Where the packet went
 * @param err   What has become of it, as errno has it
 * @param quote Beginning of the packet as it was sent, perhaps nothing
 */
typedef void (icmp_h)(const struct sa *dst, int err, const struct pl *quote);

void icmp_open(icmp_h *h);
void icmp_close(void);
void icmp_expect(const struct sa *laddr);
void icmp_listen(struct udp_sock *us);

#endif
