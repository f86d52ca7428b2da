/**
 * @file probe.c  Is anybody there, where a connection of SIP's is silent?
 *
 * Over TCP and TLS a server may have gone while its connection stays: its host
 * was restarted behind a filter, or another host has its address now. And if a
 * connection is refused, libre tells the sender of the request, but a BYE has
 * nobody who is told. In both cases we try to make a connection of our own.
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
#include "probe.h"
#include "state.h"


struct probe {
	struct tcp_conn *tc;
	struct sa dst;
	uint64_t since;              /**< When the request was sent [ms]     */
	struct line *line;
	unsigned server;
};


static void destructor(void *arg)
{
	struct probe *probe = arg;

	mem_deref(probe->tc);
}


static void estab_handler(void *arg)
{
	struct probe *probe = arg;

	probe->tc = mem_deref(probe->tc);
}


static void close_handler(int err, void *arg)
{
	struct probe *probe = arg;
	char reason[REASON_SIZE];

	probe->tc = mem_deref(probe->tc);

	/* other errors are the phone's own */
	if (err != ECONNREFUSED && err != EHOSTUNREACH)
		return;

	if (connection_state(&probe->dst) == CONNECTION_HEARD)
		return;

	(void)re_snprintf(reason, sizeof(reason), "%m", err);
	evidence_failed(probe->line, probe->server, EVIDENCE_ERROR,
			probe->since, reason);
}


static int probe_alloc(struct probe **probep, struct line *line,
		      unsigned server)
{
	struct probe *probe = mem_zalloc(sizeof(*probe), destructor);

	if (!probe)
		return ENOMEM;

	probe->line   = line;
	probe->server = server;
	*probep = probe;

	return 0;
}


static void connect_to(struct probe *probe, const struct sa *dst,
		       uint64_t since)
{
	int err;

	probe->dst   = *dst;
	probe->since = since;
	probe->tc = mem_deref(probe->tc);

	err = tcp_connect(&probe->tc, dst, estab_handler, NULL, close_handler,
			  probe);
	if (err)
		close_handler(err, probe);
}


/**
 * See whether somebody accepts connections where a request goes
 *
 * @param line   Line
 * @param server Server
 * @param dst    Destination of the request, over TCP or TLS
 * @param since  Its first transmission [ms]
 */
void probe_address(struct line *line, unsigned server, const struct sa *dst,
		 uint64_t since)
{
	struct probe **probep = &line->probev[server - 1];

	if (*probep || !probe_alloc(probep, line, server))
		connect_to(*probep, dst, since);
}


/**
 * A request to a server is not seen on the wire: see whether the server
 * accepts connections. Over UDP there is nothing to see.
 *
 * @param line   Line
 * @param server Server
 */
void probe_server(struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);

	if (sa_isset(&srv->addr, SA_ALL) &&
	    server_transp(srv) != SIP_TRANSP_UDP)
		probe_address(line, server, &srv->addr, clock_ms());
}
