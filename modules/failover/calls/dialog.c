/**
 * @file dialog.c  Dialogs of established calls (RFC 3261 section 12)
 *
 * libre gives no access to its dialogs, and frees a dialog when it sends the
 * BYE. What is needed to send another BYE is read from the messages.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "dialog.h"
#include "glance.h"
#include "index.h"
#include "line.h"
#include "plain.h"
#include "renumber.h"


static struct list dialogl;
static struct index by_callid;
static unsigned accepting;            /* That came in, not answered yet      */


static void destructor(void *arg)
{
	struct dialog *dlg = arg;

	if (dlg->incoming && !dlg->confirmed)
		--accepting;

	list_unlink(&dlg->le);
	list_unlink(&dlg->he);
	mem_deref(dlg->media);
	mem_deref(dlg->ltag);
	mem_deref(dlg->rtag);
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


static int address_decode(struct uri *uri, struct pl *text,
			  const struct sip_hdr *hdr)
{
	struct sip_addr addr;

	if (!hdr)
		return EBADMSG;

	if (plain_uri(text, &hdr->val))
		return plain_uri_decode(uri, text) ? 0 : uri_decode(uri, text);

	if (sip_addr_decode(&addr, &hdr->val))
		return EBADMSG;

	*uri  = addr.uri;
	*text = addr.auri;

	return 0;
}


static int target_decode(struct uri *uri, struct pl *target,
			 const struct sip_msg *msg)
{
	return address_decode(uri, target,
			      sip_msg_hdr(msg, SIP_HDR_CONTACT));
}


static struct dialog *dialog_alloc(struct line *line, unsigned server,
				   const struct sip_msg *msg,
				   const struct pl *target)
{
	struct dialog *dlg = mem_zalloc(sizeof(*dlg), destructor);

	if (!dlg)
		return NULL;

	list_append(&dialogl, &dlg->le, dlg);
	dlg->line   = line;
	dlg->server = server;

	if (pl_strdup(&dlg->callid, &msg->callid) ||
	    pl_strdup(&dlg->target, target))
		return mem_deref(dlg);

	index_add(&by_callid, dlg->callid, &dlg->he, dlg);

	return dlg;
}


static int copy_parties(struct dialog *dlg, const struct pl *local,
			const struct pl *ltag, const struct pl *remote,
			const struct pl *rtag)
{
	int err;

	dlg->rtag = mem_deref(dlg->rtag);
	err  = pl_strdup(&dlg->ltag, ltag);
	err |= pl_strdup(&dlg->rtag, rtag);
	err |= pl_strdup(&dlg->local, local);
	err |= pl_strdup(&dlg->remote, remote);

	return err;
}


static void confirm(struct dialog *dlg)
{
	if (dlg->incoming)
		--accepting;

	dlg->confirmed = true;
}


static unsigned server_if(const struct line *line, unsigned first,
			  bool (*is_it)(const struct server *srv,
					const void *arg), const void *arg)
{
	/* the names of several may stand for the same address */
	if (first && is_it(line_server(line, first), arg))
		return first;

	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (is_it(line_server(line, i), arg))
			return i;
	}

	return 0;
}


static bool is_named(const struct server *srv, const void *uri)
{
	return server_is_named(srv, uri);
}


/* Over TCP and TLS a server calls from any port */
static bool is_at(const struct server *srv, const void *src)
{
	return sa_isset(&srv->addr, SA_ADDR) &&
		sa_cmp(&srv->addr, src, SA_ADDR);
}


/* Before the first request is sent its server is not known for sure. Take the
   one that the first route or the remote target names, otherwise the one that
   the INVITE came from. */
static unsigned guess_server(struct line *line, const struct uri *target,
			     const struct sip_msg *invite,
			     enum sip_transp tp, const struct sa *src)
{
	const struct sip_hdr *hdr = sip_msg_hdr(invite, SIP_HDR_RECORD_ROUTE);
	struct uri uri = *target;
	unsigned server = 0;
	struct pl text;

	if (!hdr || !address_decode(&uri, &text, hdr))
		server = server_if(line, line->client, is_named, &uri);
	if (!server)
		server = line_server_of(line, line->client, NULL, tp, src);
	if (!server)
		server = server_if(line, line->client, is_at, src);

	return server;
}


/**
 * A call comes in
 *
 * @param line   Line that it is for
 * @param invite INVITE
 * @param tp     Transport
 * @param src    Where it comes from
 */
void dialog_invited(struct line *line, const struct sip_msg *invite,
		    enum sip_transp tp, const struct sa *src)
{
	struct dialog *dlg;
	struct pl target;
	struct uri uri;

	if (dialog_find(invite, false) ||
	    target_decode(&uri, &target, invite))
		return;

	dlg = dialog_alloc(line, guess_server(line, &uri, invite, tp, src),
			   invite, &target);
	if (!dlg)
		return;

	dlg->incoming = true;
	++accepting;

	/* the route set is the request's, section 12.1.1 */
	if (pl_strdup(&dlg->rtag, &invite->from.tag) ||
	    sip_msg_hdr_apply(invite, true, SIP_HDR_RECORD_ROUTE,
			      route_handler, dlg))
		mem_deref(dlg);
}


/**
 * Does a call that came in wait for its answer?
 *
 * @return True if one does
 */
bool dialog_is_accepting(void)
{
	return accepting > 0;
}


/**
 * A call that came in has been answered by us
 *
 * @param answer Final answer to the INVITE
 */
void dialog_accepted(const struct glance *answer)
{
	struct dialog *dlg = dialog_find_sent(answer);

	if (!dlg || dlg->confirmed)
		return;

	if (answer->scode < 300 &&
	    !copy_parties(dlg, &answer->to, &answer->to_tag, &answer->from,
			  &answer->from_tag))
		confirm(dlg);
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
	struct pl target;
	struct uri uri;

	if (dialog_find(answer, false) ||
	    target_decode(&uri, &target, answer))
		return;

	dlg = dialog_alloc(line, server, answer, &target);
	if (!dlg)
		return;

	dlg->cseq = answer->cseq.num;
	if (copy_parties(dlg, &answer->from.val, &answer->from.tag,
			 &answer->to.val, &answer->to.tag) ||
	    sip_msg_hdr_apply(answer, false, SIP_HDR_RECORD_ROUTE,
			      route_handler, dlg))
		mem_deref(dlg);
	else
		confirm(dlg);
}


/**
 * The remote target has been refreshed (RFC 3261 section 12.2.1.2). Where
 * there is no route set, it says also which server requests go to.
 *
 * @param dlg    Dialog
 * @param server Server that it has come through
 * @param msg    2xx to an INVITE or UPDATE of ours, or one of the far end's
 */
void dialog_refreshed(struct dialog *dlg, unsigned server,
		      const struct sip_msg *msg)
{
	struct pl target;
	struct uri uri;
	char *copy;

	if (target_decode(&uri, &target, msg) || pl_strdup(&copy, &target))
		return;

	mem_deref(dlg->target);
	dlg->target = copy;

	if (dlg->routec)
		return;

	dlg->moved |= server != dlg->server;
	dlg->server = server;
}


/**
 * A request of the dialog is sent, and its destination tells which server it
 * goes through: a server may have any name in Record-Route and Contact
 *
 * @param dlg Dialog
 * @param tp  Transport
 * @param dst Destination
 */
void dialog_hop_seen(struct dialog *dlg, enum sip_transp tp,
		     const struct sa *dst)
{
	dlg->server = line_server_of(dlg->line, dlg->server, NULL, tp, dst);
}


static bool is_tag(const char *tag, const struct pl *pl)
{
	return !tag || !pl_strcmp(pl, tag);
}


/* By Call-ID and both tags (RFC 3261 section 12): a call between two accounts
   of the phone has two of one Call-ID */
static struct dialog *find(const struct pl *callid, bool from_us,
			   const struct pl *from_tag, const struct pl *to_tag)
{
	const struct pl *ltag = from_us ? from_tag : to_tag;
	const struct pl *rtag = from_us ? to_tag : from_tag;
	struct le *le;

	for (le = list_head(index_bucket(&by_callid, callid)); le; le = le->next) {

		struct dialog *dlg = le->data;

		/* one that came in gets our tag with our answer */
		if (!pl_strcmp(callid, dlg->callid) &&
		    is_tag(dlg->ltag, ltag) && is_tag(dlg->rtag, rtag) &&
		    (dlg->ltag || from_us != dlg->incoming))
			return dlg;
	}

	return NULL;
}


/**
 * Find the dialog of a message
 *
 * @param msg  Message
 * @param sent True if it is being sent, false if it was received
 *
 * @return Dialog, NULL if there is none
 */
struct dialog *dialog_find(const struct sip_msg *msg, bool sent)
{
	return find(&msg->callid, sent == msg->req, &msg->from.tag,
		    &msg->to.tag);
}


/**
 * Find the dialog of a message that is being sent
 *
 * @param g What it is
 *
 * @return Dialog, NULL if there is none
 */
struct dialog *dialog_find_sent(const struct glance *g)
{
	if (list_isempty(&dialogl))
		return NULL;

	return find(&g->callid, g->req, &g->from_tag, &g->to_tag);
}


/**
 * The dialogs that may have a Call-ID
 *
 * @param callid Call-ID
 *
 * @return List of struct dialog, with a few others in it perhaps
 */
const struct list *dialog_list(const char *callid)
{
	struct pl pl;

	pl_set_str(&pl, callid);

	return index_bucket(&by_callid, &pl);
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


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void dialog_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le;

	for (le = list_head(&dialogl); le; le = le->next) {

		struct dialog *dlg = le->data;

		if (dlg->line == line)
			dlg->server = renumber_to(rn, dlg->server);
	}
}
