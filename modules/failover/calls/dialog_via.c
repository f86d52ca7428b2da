/**
 * @file dialog_via.c  How a request of a dialog goes through another server
 *
 * The server that the dialog's requests go to is first in its route set (RFC
 * 3261 section 12.1) or, where it has recorded no route, is the remote target
 * itself, under whatever name. There it is exchanged.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "dialog.h"
#include "dialog_via.h"
#include "line.h"


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


/* A proxy between two transports has put in two routes of its own */
static bool is_same_hop(const struct server *dead, const struct uri *first,
			const struct uri *uri)
{
	return server_is_named(dead, uri) ||
		(!pl_casecmp(&first->host, &uri->host) &&
		 first->port == uri->port);
}


static int print_route(struct mbuf *mb, const struct sip_addr *addr,
		       const struct server *srv, bool exchange, bool first)
{
	int err;

	err = mbuf_write_str(mb, "Route: <");
	if (exchange)
		err |= print_exchanged(mb, &addr->uri, srv, first);
	else
		err |= mbuf_write_pl(mb, &addr->auri);

	return err | mbuf_printf(mb, ">%r\r\n", &addr->params);
}


static int print_routes(struct mbuf *mb, const struct dialog *dlg,
			const struct server *srv)
{
	const struct server *dead = line_server(dlg->line, dlg->server);
	bool exchange = true;
	struct uri first;

	for (size_t i = 0; i < dlg->routec; i++) {

		struct sip_addr addr;
		struct pl pl;
		int err;

		pl_set_str(&pl, dlg->routev[i]);

		err = sip_addr_decode(&addr, &pl);
		if (err)
			return err;

		if (i == 0)
			first = addr.uri;
		else
			exchange &= is_same_hop(dead, &first, &addr.uri);

		err = print_route(mb, &addr, srv, exchange, i == 0);
		if (err)
			return err;
	}

	return 0;
}


static int print_target(struct mbuf *mb, const struct pl *target,
			const struct server *srv)
{
	struct uri uri;
	int err;

	err = uri_decode(&uri, target);

	return err ? err : print_exchanged(mb, &uri, srv, true);
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
	const struct server *srv = line_server(dlg->line, server);
	struct mbuf *uri = NULL, *routes = NULL;
	struct pl target;
	int err = ENOMEM;

	if (!dlg->server)
		return ENOENT;

	uri    = mbuf_alloc(128);
	routes = mbuf_alloc(512);
	if (!uri || !routes)
		goto out;

	pl_set_str(&target, dlg->target);

	if (dlg->routec) {
		err  = print_routes(routes, dlg, srv);
		err |= mbuf_write_pl(uri, &target);
	}
	else {
		err = print_target(uri, &target, srv);
	}
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


/**
 * Where a request of the dialog is sent: to its first route, or to its
 * Request-URI
 *
 * @param hop    Next hop; refers to the text of the others
 * @param uri    Request-URI, as dialog_via() has it
 * @param routes Route headers, as dialog_via() has them
 *
 * @return 0 if success, otherwise errorcode
 */
int dialog_via_next_hop(struct uri *hop, const char *uri,
			const struct mbuf *routes)
{
	struct sip_addr addr;
	struct pl pl;
	int err;

	if (!routes->end) {
		pl_set_str(&pl, uri);
		return uri_decode(hop, &pl);
	}

	err = re_regex((char *)routes->buf, routes->end,
		       "Route: [^\r\n]+", &pl);
	if (err)
		return err;

	err = sip_addr_decode(&addr, &pl);
	*hop = addr.uri;

	return err;
}
