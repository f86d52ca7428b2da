/**
 * @file dialog.h  Dialogs of established calls (RFC 3261 section 12)
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIALOG_H
#define FAILOVER_DIALOG_H

#include "compat.h"

struct line;

enum {
	MAX_ROUTES = 8,              /**< Longer route sets are left alone   */
};

/** What a request within the dialog is made of */
struct dialog {
	struct le le;
	struct line *line;
	unsigned server;             /**< That it was set up through         */
	bool confirmed;              /**< Answered with 2xx                  */
	char *callid;
	char *local;                 /**< Value of our From, with tag        */
	char *remote;                /**< Value of our To, with tag          */
	char *target;                /**< Remote target, a URI               */
	char *routev[MAX_ROUTES];    /**< Route set, values of Route         */
	size_t routec;
	uint32_t cseq;               /**< Last that we have sent             */
};

void dialog_invited(struct line *line, const struct sip_msg *invite);
void dialog_accepted(const struct sip_msg *answer);
void dialog_connected(struct line *line, unsigned server,
		      const struct sip_msg *answer);
struct dialog *dialog_find(const struct pl *callid);
void dialog_forget(const struct line *line);

#endif
