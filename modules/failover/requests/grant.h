/**
 * @file grant.h  What a registrar's 2xx means for the binding
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_GRANT_H
#define FAILOVER_GRANT_H

#include "compat.h"
#include "state.h"

/** A REGISTER, as far as its 2xx is understood by it */
struct grant_asked {
	const char *cuser;           /**< User part of the Contact           */
	const char *contact;         /**< Contact, NULL: not known           */
	uint32_t expires;            /**< Asked for [s]                      */
	uint32_t rwait;              /**< libre refreshes after this part [%]*/
	uint64_t took_ms;            /**< From its first transmission to the
					  answer                             */
};

void grant_decode(struct grant *grant, const struct sip_msg *msg,
		  const struct grant_asked *asked);
void grant_describe(const struct grant *grant, const char *answer,
		    char *reason, size_t size);

#endif
