/**
 * @file retire.h  Ends connections before Baresip closes them
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_RETIRE_H
#define FAILOVER_RETIRE_H

#include <re.h>

void retire_heard(enum sip_transp tp, const struct sa *local,
		  const struct sa *peer);
bool retire_all(void);
void retire_close(void);

#endif
