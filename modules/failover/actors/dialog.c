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
#include "failover.h"


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


static bool is_at(const struct uri *uri, const struct server *srv)
{
	struct sa addr;

	if (!pl_strcasecmp(&uri->host, srv->host) &&
	    sip_transp_port(SIP_TRANSP_UDP, uri->port) ==
	    sip_transp_port(SIP_TRANSP_UDP, srv->port))
		return true;

	return !sa_set(&addr, &uri->host,
		       sip_transp_port(SIP_TRANSP_UDP, uri->port)) &&
		server_has_address(srv, &addr);
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
	if (line->client && is_at(&addr.uri, line_server(line, line->client)))
		return line->client;

	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (is_at(&addr.uri, line_server(line, i)))
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


static bool is_transport(const struct pl *name)
{
	return !pl_strcasecmp(name, "transport");
}


struct exchange {
	struct mbuf *mb;
	bool transport;              /**< Keep the parameter                 */
};


static int param_handler(const struct pl *name, const struct pl *val,
			 void *arg)
{
	struct exchange *ex = arg;

	if (is_transport(name) && !ex->transport)
		return 0;

	return mbuf_printf(ex->mb, ";%r%s%r", name, val->l ? "=" : "", val);
}


/* A URI with its host exchanged for that of another server. Its parameters
   are the dialog's and stay, but for the transport of the first hop. */
static int print_exchanged(struct mbuf *mb, const struct uri *uri,
			   const struct server *srv, bool first)
{
	struct exchange ex = { .mb = mb, .transport = !first };
	struct sa addr;
	const bool ip6 = !sa_set_str(&addr, srv->host, 0) &&
		sa_af(&addr) == AF_INET6;
	int err;

	err = mbuf_printf(mb, "sip:%r%s%s%s%s", &uri->user,
			  pl_isset(&uri->user) ? "@" : "", ip6 ? "[" : "",
			  srv->host, ip6 ? "]" : "");
	if (srv->port)
		err |= mbuf_printf(mb, ":%u", srv->port);

	err |= uri_params_apply(&uri->params, param_handler, &ex);

	if (first && srv->tp != SIP_TRANSP_NONE)
		err |= mbuf_printf(mb, "%s", sip_transp_param(srv->tp));

	return err;
}


static int print_hop(struct mbuf *mb, const struct pl *text,
		     const struct server *dead, const struct server *srv,
		     bool first, bool *exchanged)
{
	struct uri uri;
	int err;

	err = uri_decode(&uri, text);
	if (err)
		return err;

	*exchanged = is_at(&uri, dead);

	return *exchanged ? print_exchanged(mb, &uri, srv, first) :
		mbuf_write_pl(mb, text);
}


static int print_routes(struct mbuf *mb, const struct dialog *dlg,
			const struct server *srv, bool *exchanged)
{
	const struct server *dead = line_server(dlg->line, dlg->server);
	bool leading = true;
	int err = 0;

	for (size_t i = 0; i < dlg->routec && !err; i++) {

		struct sip_addr addr;
		struct pl pl;

		pl_set_str(&pl, dlg->routev[i]);

		err = sip_addr_decode(&addr, &pl);
		if (err)
			break;

		/* a proxy between two transports has put in two */
		err  = mbuf_write_str(mb, "Route: <");
		err |= print_hop(mb, &addr.auri, leading ? dead : srv, srv,
				 i == 0, &leading);
		err |= mbuf_printf(mb, ">%r\r\n", &addr.params);

		if (i == 0)
			*exchanged = leading;
	}

	return err;
}


/**
 * How a request of the dialog goes through another server: the hop that the
 * dialog was set up through is exchanged, in the route set or, if there is
 * none, in the remote target, which is then that server itself
 *
 * @param dlg     Dialog
 * @param server  Server to go through
 * @param urip    Request-URI, to be dereferenced
 * @param routesp Route headers, may be empty, to be dereferenced
 *
 * @return 0 if success, ENOENT if that server is not the dialog's next hop,
 *         otherwise errorcode
 */
int dialog_via(const struct dialog *dlg, unsigned server, char **urip,
	       struct mbuf **routesp)
{
	const struct server *dead = line_server(dlg->line, dlg->server);
	const struct server *srv = line_server(dlg->line, server);
	struct mbuf *uri = mbuf_alloc(128), *routes = mbuf_alloc(512);
	bool exchanged = false;
	struct pl target;
	int err = ENOMEM;

	if (!uri || !routes)
		goto out;

	pl_set_str(&target, dlg->target);

	if (dlg->routec) {
		err  = print_routes(routes, dlg, srv, &exchanged);
		err |= mbuf_write_pl(uri, &target);
	}
	else {
		err = print_hop(uri, &target, dead, srv, true, &exchanged);
	}

	if (!err && !exchanged)
		err = ENOENT;
	if (err)
		goto out;

	uri->pos = routes->pos = 0;
	err = mbuf_strdup(uri, urip, uri->end);

 out:
	mem_deref(uri);
	if (err)
		mem_deref(routes);
	else
		*routesp = routes;

	return err;
}
