/**
 * @file connection.h  TCP connections that died without an end of file
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONNECTION_H
#define FAILOVER_CONNECTION_H

#include "compat.h"

/** State of the connection to a peer */
enum connection {
	CONNECTION_NONE,             /**< No open connection                 */
	CONNECTION_UNHEARD,          /**< Retransmits, not acknowledged      */
	CONNECTION_HEARD,            /**< No problem seen                    */
};

void connection_end_dead(const struct sa *dst, enum sip_transp tp,
			 uint64_t silent_ms);
bool connection_in_handshake(const struct sa *dst, enum sip_transp tp);
bool connection_end_handshake(const struct sa *dst, enum sip_transp tp,
			      uint64_t silent_ms);
void connection_end(const struct sa *dst);
void connection_drop(const struct sa *dst);
bool connection_is_open(const struct sa *local, const struct sa *peer);
enum connection connection_state(const struct sa *dst);
bool connection_is_unread(const struct sa *dst);
int  connection_latest(const struct sa *dst);
uint32_t connection_idle_ms(int fd);
void connection_keep_alive(int fd, uint32_t s);

#endif
