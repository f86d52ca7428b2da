/**
 * @file path.c  Is there a way from this machine to an account's servers?
 *
 * There is none without a route, with the cable unplugged, or when the
 * address that Baresip's SIP socket has is gone. Then nothing that fails is a
 * server's fault. It does not matter how the failure is worded: whenever one
 * is reported, the way is looked at.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "error.h"
#include "line.h"
#include "network.h"
#include "path.h"


enum {
	SETTLING_MS = 10000,         /**< A link that has just come up       */
};


static bool address_of(const struct server *srv, struct sa *dst)
{
	if (sa_isset(&srv->addr, SA_ADDR)) {
		*dst = srv->addr;
		return true;
	}

	return !sa_set_str(dst, srv->host, srv->port ? srv->port : 5060);
}


static enum path look(const struct server *srv)
{
	struct sa src, dst, laddr;

	/* a name that was never resolved */
	if (!address_of(srv, &dst))
		return PATH_SAME;

	switch (network_source(&src, &dst)) {

	case 0:
		break;

	case ENETDOWN:
		return PATH_NONE;

	default:
		/* what cannot be looked at tells nothing */
		return PATH_SAME;
	}

	if (sip_transp_laddr(uag_sip(), &laddr, server_transp(srv), &dst))
		return PATH_BARE;

	/* sockets stay behind when their address goes */
	if (!sa_is_any(&laddr) && network_lacks(&laddr))
		return PATH_STALE;

	if (sa_cmp(&dst, &srv->dst, SA_ADDR) &&
	    !sa_cmp(&src, &srv->src, SA_ADDR))
		return PATH_STALE;

	return PATH_SAME;
}


/**
 * Is there a way to the server in use, or, if not, to another one?
 *
 * @param line Line
 *
 * @return What there is
 */
enum path path_find(const struct line *line)
{
	enum path best, path;

	if (!network_is_watched())
		return PATH_SAME;

	best = look(line_server(line, line->policy.target));

	for (unsigned i = 1; i <= line->serverc && best > PATH_STALE; i++) {

		path = look(line_server(line, i));
		best = MIN(best, path);
	}

	return best;
}


/* Nothing has changed since: asking the kernel takes a while */
static bool is_noted(const struct server *srv, const struct sa *dst)
{
	return network_is_watched() && srv->noted == network_changes() &&
		sa_cmp(&srv->dst, dst, SA_ALL);
}


/**
 * Note the source address that the phone has towards each server
 *
 * @param line Line
 */
void path_note(struct line *line)
{
	for (unsigned i = 0; i < line->serverc; i++) {

		struct server *srv = &line->serverv[i];
		struct sa src, dst;

		if (!address_of(srv, &dst) || is_noted(srv, &dst) ||
		    network_source(&src, &dst))
			continue;

		srv->src   = src;
		srv->dst   = dst;
		srv->noted = network_changes();
	}
}


/**
 * Does any server of the line use TCP or TLS? After an outage a connection may
 * be dead, and nobody is told.
 *
 * @param line Line
 *
 * @return True if one does
 */
bool path_has_connections(const struct line *line)
{
	for (unsigned i = 1; i <= line->serverc; i++) {
		if (server_transp(line_server(line, i)) != SIP_TRANSP_UDP)
			return true;
	}

	return false;
}


/**
 * A neighbour was not found. Right after a link has come up the kernel may
 * still remember earlier failures, and a switch may not forward yet. Is it too
 * early to blame the server?
 *
 * @param line   Line
 * @param reason What was seen
 *
 * @return True if it is
 */
bool path_is_settling(const struct line *line, const char *reason)
{
	if (!line->network_since ||
	    clock_ms() - line->network_since > SETTLING_MS)
		return false;

	return error_is(reason, EHOSTUNREACH) ||
		!strcmp(reason, HOST_UNREACHABLE);
}
