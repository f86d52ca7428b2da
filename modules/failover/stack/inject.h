/**
 * @file inject.h  Messages that we send to libre ourselves
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_INJECT_H
#define FAILOVER_INJECT_H

#include "compat.h"

/**
 * Write a message
 *
 * @param mb   Buffer
 * @param addr Address of the SIP socket that receives it
 * @param arg  Argument
 *
 * @return 0 if success, otherwise errorcode
 */
typedef int (inject_write_h)(struct mbuf *mb, const struct sa *addr,
			     const void *arg);

int inject_message(inject_write_h *writeh, const void *arg);
int inject_response(const struct sip_msg *req, uint16_t scode,
		    const char *reason);

#endif
