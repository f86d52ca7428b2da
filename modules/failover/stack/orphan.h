/**
 * @file orphan.h  Responses to an INVITE that libre has forgotten
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ORPHAN_H
#define FAILOVER_ORPHAN_H

#include "compat.h"

void orphan_add(struct sip_msg *invite, enum sip_transp tp,
		const struct sa *dst, uint64_t since);
void orphan_connected(const struct sip_msg *msg);
void orphan_close(void);

#endif
