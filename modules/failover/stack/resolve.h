/**
 * @file resolve.h  The SRV records of a name
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_RESOLVE_H
#define FAILOVER_RESOLVE_H

#include "compat.h"
#include "srv.h"

struct resolve;

/** The answer of DNS */
struct resolved {
	int err;                     /**< 0: an answer, possibly empty       */
	const struct srv *srvv;      /**< Records, in no order               */
	size_t srvc;                 /**< 0: there are none                  */
	enum sip_transp tp;          /**< Transport of the records           */
	uint32_t ttl_s;              /**< 0: not known                       */
	bool cut;                    /**< Truncated: there are more          */
};

/**
 * Handles the end of a lookup. Not called if it is cancelled.
 *
 * @param res The answer of DNS
 * @param arg Handler argument
 */
typedef void (resolve_h)(const struct resolved *res, void *arg);

int resolve_start(struct resolve **resolvep, const char *host,
		  enum sip_transp tp, resolve_h *h, void *arg);

#endif
