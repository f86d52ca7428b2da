/**
 * @file sent.h  A message that is being sent
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SENT_H
#define FAILOVER_SENT_H

#include "compat.h"
#include "glance.h"

/** A message that is being sent */
struct sent {
	struct glance g;             /**< Its main values                    */
	struct pl pkt;               /**< Its text                           */
	struct sip_msg *msg;         /**< Decoded: sent_message()            */
	bool parties;                /**< sent_parties() has been called     */
};

struct sip_msg *sent_decode(const struct pl *pkt);
bool sent_read(struct sent *sent, const uint8_t *pkt, size_t len);
bool sent_parties(struct sent *sent);
struct sip_msg *sent_message(struct sent *sent);
void sent_reset(struct sent *sent);

#endif
