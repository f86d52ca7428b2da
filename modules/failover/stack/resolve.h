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

/** What DNS has said */
struct resolved {
	int err;                     /**< 0: an answer, perhaps an empty one */
	const struct srv *srvv;      /**< Records, in no order               */
	size_t srvc;                 /**< 0: there are none                  */
	enum sip_transp tp;          /**< Transport that they are for        */
	uint32_t ttl_s;              /**< 0: not told                        */
	bool cut;                    /**< There are more than these          */
};

/**
 * Handles the end of a lookup. Not called when it is dropped.
 *
 * @param res What DNS has said
 * @param arg Handler argument
 */
typedef void (resolve_h)(const struct resolved *res, void *arg);

int resolve_start(struct resolve **resolvep, const char *host,
		  enum sip_transp tp, resolve_h *h, void *arg);

#endif
