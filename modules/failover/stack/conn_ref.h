/**
 * @file conn_ref.h  Keeps connections that libre would free twice
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONN_REF_H
#define FAILOVER_CONN_REF_H

#include <re.h>

void conn_ref_received(const struct sip_msg *msg);
void conn_ref_look(void);
void conn_ref_close(void);

#endif
