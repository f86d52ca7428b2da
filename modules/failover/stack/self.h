/**
 * @file self.h  SIP messages from us to libre, by way of its own socket
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SELF_H
#define FAILOVER_SELF_H

#include "compat.h"

/**
 * Write a message
 *
 * @param mb   Buffer
 * @param addr Address of the SIP socket that it goes to
 * @param arg  Argument
 *
 * @return 0 if success, otherwise errorcode
 */
typedef int (self_write_h)(struct mbuf *mb, const struct sa *addr,
			   const void *arg);

bool self_send(self_write_h *writeh, const void *arg);

#endif
