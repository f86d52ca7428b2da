/**
 * @file trace.h  libre's slot for a trace handler
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TRACE_H
#define FAILOVER_TRACE_H

#include "compat.h"

typedef bool (trace_h)(bool tx, enum sip_transp tp, const struct sa *peer,
		       struct sip_msg *msg);

int  trace_open(trace_h *h);
void trace_check(void);
void trace_close(void);

#endif
