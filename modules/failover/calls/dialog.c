/**
 * @file dialog.c  Dialogs of established calls (RFC 3261 section 12)
 *
 * libre keeps its dialogs to itself, and lets go of one at the moment that it
 * sends the BYE. What it takes to send another BYE is learnt from the wire.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "dialog.h"
#include "line.h"


static struct list dialogl;


static void destructor(void *arg)
{
	struct dialog *dlg = arg;

	list_unlink(&dlg->le);
	mem_deref(dlg->callid);
	mem_deref(dlg->local);
	mem_deref(dlg->remote);
	mem_deref(dlg->target);

	for (size_t i = 0; i < dlg->routec; i++)
		mem_deref(dlg->routev[i]);
}


static bool route_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct dialog *dlg = arg;
	(void)msg;

	if (dlg->routec == MAX_ROUTES ||
	    pl_strdup(&dlg->routev[dlg->routec], &hdr->val))
		return true;

	++dlg->routec;

	return false;
}


static int target_copy(char **targetp, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;

	if (!hdr || sip_addr_decode(&addr, &hdr->val))
		return EBADMSG;

	return pl_strdup(targetp, &addr.auri);
}


static struct dialog *dialog_alloc(struct line *line, unsigned server,
				   const struct sip_msg *msg)
{
	struct dialog *dlg = mem_zalloc(sizeof(*dlg), destructor);

	if (!dlg)
		return NULL;

	list_append(&dialogl, &dlg->le, dlg);
	dlg->line   = line;
	dlg->server = server;

	if (pl_strdup(&dlg->callid, &msg->callid) ||
	    target_copy(&dlg->target, msg))
		return mem_deref(dlg);

	return dlg;
}


/* With what the answer to the INVITE has said, section 12.1 */
static void confirm(struct dialog *dlg, const struct sip_msg *answer,
		    bool outgoing)
{
	const struct sip_taddr *local, *remote;
	int err;

	local  = outgoing ? &answer->from : &answer->to;
	remote = outgoing ? &answer->to : &answer->from;

	err  = pl_strdup(&dlg->local, &local->val);
	err |= pl_strdup(&dlg->remote, &remote->val);

	if (err || sip_msg_hdr_apply(answer, !outgoing, SIP_HDR_RECORD_ROUTE,
				     route_handler, dlg))
		mem_deref(dlg);
	else
		dlg->confirmed = true;
}


/* Where our requests will go: to the first route, or the remote target. The
   INVITE's source tells less, over TCP it is any port of the server's. */
static unsigned next_hop_server(const struct line *line,
				const struct sip_msg *invite)
{
	const struct sip_hdr *hdr = sip_msg_hdr(invite, SIP_HDR_RECORD_ROUTE);
	struct sip_addr addr;

	if (!hdr)
		hdr = sip_msg_hdr(invite, SIP_HDR_CONTACT);

	if (!hdr || sip_addr_decode(&addr, &hdr->val))
		return 0;

	/* the names of several may stand for the same address */
	if (line->client && server_is_named(line_server(line, line->client),
					    &addr.uri))
		return line->client;

	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (server_is_named(line_server(line, i), &addr.uri))
			return i;
	}

	return 0;
}


/**
 * A call comes in
 *
 * @param line   Line that it is for
 * @param invite INVITE
 */
void dialog_invited(struct line *line, const struct sip_msg *invite)
{
	const unsigned server = next_hop_server(line, invite);

	if (server && !dialog_find(&invite->callid))
		(void)dialog_alloc(line, server, invite);
}


/**
 * A call that came in has been answered by us
 *
 * @param answer Final answer to the INVITE
 */
void dialog_accepted(const struct sip_msg *answer)
{
	struct dialog *dlg = dialog_find(&answer->callid);

	if (!dlg || dlg->confirmed)
		return;

	if (answer->scode < 300)
		confirm(dlg, answer, false);
	else
		mem_deref(dlg);
}


/**
 * A call of ours has been answered with 2xx
 *
 * @param line   Line that it is from
 * @param server Server that it went through
 * @param answer Answer to the INVITE
 */
void dialog_connected(struct line *line, unsigned server,
		      const struct sip_msg *answer)
{
	struct dialog *dlg;

	if (dialog_find(&answer->callid))
		return;

	dlg = dialog_alloc(line, server, answer);
	if (!dlg)
		return;

	dlg->cseq = answer->cseq.num;
	confirm(dlg, answer, true);
}


/**
 * Find a dialog
 *
 * @param callid Call-ID
 *
 * @return Dialog, NULL if there is none
 */
struct dialog *dialog_find(const struct pl *callid)
{
	struct le *le;

	for (le = list_head(&dialogl); le; le = le->next) {

		struct dialog *dlg = le->data;

		if (!pl_strcmp(callid, dlg->callid))
			return dlg;
	}

	return NULL;
}


/**
 * Forget the dialogs of a line
 *
 * @param line Line, about to be freed
 */
void dialog_forget(const struct line *line)
{
	struct le *le = list_head(&dialogl);

	while (le) {

		struct dialog *dlg = le->data;

		le = le->next;

		if (dlg->line == line)
			mem_deref(dlg);
	}
}
