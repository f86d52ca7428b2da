/**
 * @file dialog.h  Dialogs of established calls (RFC 3261 section 12)
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIALOG_H
#define FAILOVER_DIALOG_H

#include "compat.h"

struct glance;
struct line;
struct renumber;

enum {
	MAX_ROUTES = 8,              /**< Longer route sets are left alone   */
};

/** What a request within the dialog is made of */
struct dialog {
	struct le le;
	struct le he;                /**< By Call-ID                         */
	struct line *line;
	unsigned server;             /**< Where its requests go, 0: elsewhere*/
	bool incoming;               /**< The far end has called             */
	bool moved;                  /**< Another server has answered in it  */
	bool confirmed;              /**< Answered with 2xx                  */
	bool established;            /**< ... and acknowledged               */
	char *callid;
	char *ltag;                  /**< Our tag, NULL: not known yet       */
	char *rtag;                  /**< The far end's                      */
	char *local;                 /**< Value of our From, with tag        */
	char *remote;                /**< Value of our To, with tag          */
	char *target;                /**< Remote target, a URI               */
	char *routev[MAX_ROUTES];    /**< Route set, values of Route         */
	size_t routec;
	struct call *call;           /**< Once it is up, NULL: dialog_call.c */
	struct bye *bye;             /**< Its BYE, NULL: none yet: bye.c     */
	struct media *media;         /**< When the far end was last heard    */
	uint32_t cseq;               /**< Last that we have sent             */
};

void dialog_invited(struct line *line, const struct sip_msg *invite,
		    enum sip_transp tp, const struct sa *src);
bool dialog_is_accepting(void);
void dialog_accepted(const struct glance *answer);
void dialog_connected(struct line *line, unsigned server,
		      const struct sip_msg *answer);
void dialog_refreshed(struct dialog *dlg, unsigned server,
		      const struct sip_msg *msg);
void dialog_hop_seen(struct dialog *dlg, enum sip_transp tp,
		     const struct sa *dst);
struct dialog *dialog_find(const struct sip_msg *msg, bool sent);
struct dialog *dialog_find_sent(const struct glance *g);
const struct list *dialog_list(const char *callid);
void dialog_renumber(const struct line *line, const struct renumber *rn);
void dialog_forget(const struct line *line);

#endif
