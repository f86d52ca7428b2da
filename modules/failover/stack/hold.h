/**
 * @file hold.h  Keeps connections that libre would free twice
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_HOLD_H
#define FAILOVER_HOLD_H

#include <re.h>

void hold_received(const struct sip_msg *msg);
void hold_let_go(void);
void hold_close(void);

#endif
