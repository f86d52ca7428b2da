/**
 * @file server.c  One SIP server of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "server.h"
#include "target.h"


enum {
	HOST_MAX = 255,              /**< RFC 1123 section 2.1 [bytes]       */
};

static const struct {
	enum sip_transp tp;
	const char *name;            /**< Value of ;transport=               */
} transpv[] = {
	{SIP_TRANSP_UDP, "udp"},
	{SIP_TRANSP_TCP, "tcp"},
	{SIP_TRANSP_TLS, "tls"},
};


/**
 * A transport, as a URI names it
 *
 * @param tp UDP, TCP or TLS
 *
 * @return Value of its parameter; NULL for any other
 */
const char *server_transp_name(enum sip_transp tp)
{
	for (size_t i = 0; i < RE_ARRAY_SIZE(transpv); i++) {
		if (transpv[i].tp == tp)
			return transpv[i].name;
	}

	return NULL;
}


static int transport_decode(enum sip_transp *tp, const struct pl *params)
{
	struct pl val;

	*tp = SIP_TRANSP_NONE;

	if (msg_param_decode(params, "transport", &val))
		return 0;

	for (size_t i = 0; i < RE_ARRAY_SIZE(transpv); i++) {
		if (!pl_strcasecmp(&val, transpv[i].name)) {
			*tp = transpv[i].tp;
			return 0;
		}
	}

	return EPROTONOSUPPORT;
}


/* libre cuts a port to 16 bits silently: check the digits */
static bool port_valid(const struct pl *uri, const struct uri *decoded)
{
	const char *p = decoded->host.p + decoded->host.l;
	const char *end = uri->p + uri->l;
	uint32_t port = 0;

	if (p < end && *p == ']')
		++p;

	if (p >= end || *p != ':')
		return true;

	for (++p; p < end && *p >= '0' && *p <= '9' && port <= 65535; p++)
		port = port * 10 + (uint32_t)(*p - '0');

	return port >= 1 && port <= 65535;
}


/* Transport of an IP address without a transport parameter: RFC 3263 4.1 */
static enum sip_transp effective_tp(const struct server *srv)
{
	return srv->tp == SIP_TRANSP_NONE ? SIP_TRANSP_UDP : srv->tp;
}


static uint16_t effective_port(const struct server *srv)
{
	return sip_transp_port(effective_tp(srv), srv->port);
}


/**
 * Decode the URI of a server
 *
 * @param srv Server; the caller resets it, after an error too
 * @param uri URI, as sip:host:port;transport=udp
 *
 * @return 0 if success, EPROTONOSUPPORT for a transport other than udp, tcp
 *         and tls, ENAMETOOLONG for a host that is too long, EINVAL for any
 *         other wrong URI, otherwise errorcode
 */
int server_decode(struct server *srv, const struct pl *uri)
{
	struct uri decoded;
	int err;

	memset(srv, 0, sizeof(*srv));
	sa_init(&srv->addr, AF_UNSPEC);

	if (uri_decode(&decoded, uri) ||
	    pl_strcasecmp(&decoded.scheme, "sip") ||
	    !pl_isset(&decoded.host) || !port_valid(uri, &decoded))
		return EINVAL;

	if (decoded.host.l > HOST_MAX)
		return ENAMETOOLONG;

	err = transport_decode(&srv->tp, &decoded.params);
	if (err)
		return err;

	srv->port = decoded.port;

	err  = pl_strdup(&srv->uri, uri);
	err |= pl_strdup(&srv->host, &decoded.host);
	if (err)
		return ENOMEM;

	srv->name = sa_set_str(&srv->addr, srv->host,
			       effective_port(srv)) != 0;
	srv->addr_tp = effective_tp(srv);

	return 0;
}


/**
 * Why a server cannot be used
 *
 * @param err Error of server_decode()
 *
 * @return Static text, the end of a sentence about its URI
 */
const char *server_refusal(int err)
{
	if (err == EPROTONOSUPPORT)
		return "the transport is none of udp, tcp, tls";
	if (err == ENAMETOOLONG)
		return "the host has more than 255 characters";

	return "the URI is not of the form sip:host:port;transport=udp|tcp|"
		"tls";
}


/**
 * Free what a server holds
 *
 * @param srv Server
 */
void server_reset(struct server *srv)
{
	srv->uri  = mem_deref(srv->uri);
	srv->host = mem_deref(srv->host);
	srv->srv  = mem_deref(srv->srv);
	srv->targetv = mem_deref(srv->targetv);
	srv->targetc = 0;
}


/* One IPv6 address can be written in many ways, RFC 4291 section 2.2 */
static bool same_host(const char *a, const char *b)
{
	struct sa addr_a, addr_b;

	if (sa_set_str(&addr_a, a, 0) || sa_set_str(&addr_b, b, 0))
		return !str_casecmp(a, b);

	return sa_cmp(&addr_a, &addr_b, SA_ADDR);
}


/**
 * Are these the same server: host, port and transport?
 *
 * @param a First server
 * @param b Second server
 *
 * @return True if they are
 */
bool server_equal(const struct server *a, const struct server *b)
{
	return same_host(a->host, b->host) &&
		effective_port(a) == effective_port(b) &&
		effective_tp(a) == effective_tp(b);
}


/**
 * Do requests to a server certainly use this transport and family?
 *
 * @param srv Server
 * @param tp  Transport
 * @param af  Address family, AF_UNSPEC if the phone has only one
 *
 * @return True if they do; for a name that was never used, DNS chooses both
 */
bool server_uses(const struct server *srv, enum sip_transp tp, int af)
{
	const bool known = sa_isset(&srv->addr, SA_ADDR);

	if (af != AF_UNSPEC && (!known || sa_af(&srv->addr) != af))
		return false;

	if (srv->tp == SIP_TRANSP_NONE && !known)
		return false;

	return server_transp(srv) == tp;
}


/**
 * The transport of a server's requests, if it is known
 *
 * @param srv Server
 *
 * @return Transport; UDP if DNS has to choose it and was not asked yet
 */
enum sip_transp server_transp(const struct server *srv)
{
	return srv->tp == SIP_TRANSP_NONE ? srv->addr_tp : srv->tp;
}


/**
 * Is this the Route that libre makes from the server's URI?
 *
 * @param srv   Server
 * @param route Value of the header
 *
 * @return True if it is
 */
bool server_is_route(const struct server *srv, const struct pl *route)
{
	const size_t len = str_len(srv->uri);

	return route->l > len + 1 && route->p[0] == '<' &&
		!memcmp(route->p + 1, srv->uri, len) &&
		(route->p[len + 1] == ';' || route->p[len + 1] == '>');
}


/**
 * Does a URI name this server? The transport may differ.
 *
 * @param srv Server
 * @param uri URI, of a route or a Contact
 *
 * @return True if it does
 */
bool server_is_named(const struct server *srv, const struct uri *uri)
{
	const bool same = !pl_strcasecmp(&uri->host, srv->host);
	enum sip_transp tp;
	struct sa addr;
	uint16_t port;

	/* the usual case */
	if (same && uri->port && uri->port == effective_port(srv))
		return true;

	if (transport_decode(&tp, &uri->params) || tp == SIP_TRANSP_NONE)
		tp = SIP_TRANSP_UDP;

	port = sip_transp_port(tp, uri->port);

	if (same && (port == effective_port(srv) ||
		     (!uri->port && !srv->port)))
		return true;

	return !sa_set(&addr, &uri->host, port) &&
		target_has(srv, &addr);
}


/**
 * Do the server's requests go there?
 *
 * @param srv Server
 * @param tp  Transport of a request
 * @param dst Destination of a request
 *
 * @return True if it is
 */
bool server_is_address(const struct server *srv, enum sip_transp tp,
		       const struct sa *dst)
{
	return (srv->tp == SIP_TRANSP_NONE || srv->tp == tp) &&
		target_has(srv, dst);
}


/**
 * A request goes to a server
 *
 * @param srv Server
 * @param tp  Transport
 * @param dst Destination
 */
void server_used(struct server *srv, enum sip_transp tp,
		 const struct sa *dst)
{
	srv->addr    = *dst;
	srv->addr_tp = tp;
}


/**
 * Describe why a request could not be sent to a server
 *
 * @param srv  Server
 * @param err  Error that libre has reported
 * @param buf  Buffer for the text
 * @param size Its size
 */
void server_describe_error(const struct server *srv, int err, char *buf,
			   size_t size)
{
	if (err == EDESTADDRREQ && server_is_name(srv))
		(void)re_snprintf(buf, size, "%s does not resolve",
				  srv->host);
	else if (err == EPROTONOSUPPORT)
		(void)re_snprintf(buf, size,
				  "the phone has no address or transport"
				  " to reach it by");
	else
		(void)re_snprintf(buf, size, "%m", err);
}
