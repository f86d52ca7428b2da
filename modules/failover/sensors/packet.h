/**
 * @file packet.h  What becomes of the packets that carry SIP
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PACKET_H
#define FAILOVER_PACKET_H

void packet_open(void);
void packet_close(void);

#endif
