/**
 * @file dialog_via.h  A request of a dialog through another server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIALOG_VIA_H
#define FAILOVER_DIALOG_VIA_H

#include <re.h>

struct dialog;

int  dialog_via(const struct dialog *dlg, unsigned server, char **urip,
		struct mbuf **routesp);
int  dialog_via_next_hop(struct uri *hop, const char *uri,
			 const struct mbuf *routes);

#endif
