/**
 * @file trace.h  libre's single SIP trace handler
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TRACE_H
#define FAILOVER_TRACE_H

#include "compat.h"

/**
 * A message is about to be sent
 *
 * @param tp  Transport
 * @param dst Destination
 * @param pkt Message
 * @param len Its length
 *
 * @return True if it will not be sent
 */
typedef bool (trace_sent_h)(enum sip_transp tp, const struct sa *dst,
			    const uint8_t *pkt, size_t len);

/**
 * A message has been received, and libre is about to handle it
 *
 * @param tp  Transport
 * @param src Source
 * @param msg Message; the branch of a response may be changed
 *
 * @return True if it is a response that libre must not get
 */
typedef bool (trace_received_h)(enum sip_transp tp, const struct sa *src,
				struct sip_msg *msg);

int  trace_open(trace_sent_h *senth, trace_received_h *recvh);
void trace_check(void);
void trace_close(void);

#endif
