/**
 * @file poke.c  Is anybody there, where a connection of SIP's is silent?
 *
 * Over TCP and TLS nothing tells of a server that has gone while its
 * connection stays: a host that was restarted behind a filter, an address that
 * another one has now. And of a connection that is refused libre tells whoever
 * sent the request, but for a BYE that is nobody. There, a connection of our
 * own asks.
 *
 * It is not the one that carries SIP. A server, or a filter in front of it,
 * may refuse a second one and serve the first. So a refusal counts only if
 * there is no connection that the server acknowledges.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "connection.h"
#include "evidence.h"
#include "line.h"
#include "poke.h"
#include "state.h"


struct poke {
	struct tcp_conn *tc;
	struct sa dst;
	uint64_t since;              /**< When the request was sent [ms]     */
	struct line *line;
	unsigned server;
};


static void destructor(void *arg)
{
	struct poke *poke = arg;

	mem_deref(poke->tc);
}


static void estab_handler(void *arg)
{
	struct poke *poke = arg;

	poke->tc = mem_deref(poke->tc);
}


static void close_handler(int err, void *arg)
{
	struct poke *poke = arg;
	char reason[REASON_SIZE];

	poke->tc = mem_deref(poke->tc);

	/* others are our own */
	if (err != ECONNREFUSED && err != EHOSTUNREACH)
		return;

	if (connection_look(&poke->dst) == CONNECTION_HEARD)
		return;

	(void)re_snprintf(reason, sizeof(reason), "%m", err);
	evidence_failed(poke->line, poke->server, EVIDENCE_ERROR, poke->since,
			reason);
}


static int poke_alloc(struct poke **pokep, struct line *line,
		      unsigned server)
{
	struct poke *poke = mem_zalloc(sizeof(*poke), destructor);

	if (!poke)
		return ENOMEM;

	poke->line   = line;
	poke->server = server;
	*pokep = poke;

	return 0;
}


static void connect_to(struct poke *poke, const struct sa *dst, uint64_t since)
{
	int err;

	poke->dst   = *dst;
	poke->since = since;
	poke->tc = mem_deref(poke->tc);

	err = tcp_connect(&poke->tc, dst, estab_handler, NULL, close_handler,
			  poke);
	if (err)
		close_handler(err, poke);
}


/**
 * See whether somebody accepts connections where a request goes
 *
 * @param line   Line
 * @param server Server
 * @param dst    Destination of the request, over TCP or TLS
 * @param since  Its first transmission [ms]
 */
void poke_server(struct line *line, unsigned server, const struct sa *dst,
		 uint64_t since)
{
	struct poke **pokep = &line->pokev[server - 1];

	if (*pokep || !poke_alloc(pokep, line, server))
		connect_to(*pokep, dst, since);
}


/**
 * A request to a server is not seen on the wire: see whether the server
 * accepts connections. Over UDP there is nothing to see.
 *
 * @param line   Line
 * @param server Server
 */
void poke_look(struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);

	if (sa_isset(&srv->addr, SA_ALL) &&
	    server_transp(srv) != SIP_TRANSP_UDP)
		poke_server(line, server, &srv->addr, clock_ms());
}
