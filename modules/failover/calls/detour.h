/**
 * @file detour.h  A request of a dialog, printed for another server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DETOUR_H
#define FAILOVER_DETOUR_H

#include "compat.h"

struct dialog;

enum {
	DETOUR_BRANCH = 24,          /**< libre's have 23 characters         */
};

/** Where a request goes, and from where */
struct detour {
	enum sip_transp tp;
	struct sa dst;               /**< The server's address               */
	struct sa laddr;             /**< Ours                               */
	char branch[DETOUR_BRANCH];  /**< Of the request, "": libre's      */
	struct sip_auth *auth;       /**< Credentials for it, NULL: libre's  */
};

int detour_find(struct detour *det, const struct dialog *dlg,
		unsigned server);
int detour_print(struct mbuf **mbp, const struct detour *det,
		 const struct dialog *dlg, unsigned server,
		 const struct sip_msg *req);
int detour_print_refusal_ack(struct mbuf **mbp, const struct sip_msg *req,
			     const struct sip_msg *answer);
int detour_print_ack(struct mbuf **mbp, const struct detour *det,
		     const struct dialog *dlg, unsigned server,
		     const struct sip_msg *req, const struct sip_msg *answer);

#endif
