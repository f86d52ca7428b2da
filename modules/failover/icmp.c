/**
 * @file icmp.c  Hears "port unreachable" from a server
 *
 * libre's UDP sockets are not connected, so the kernel tells them nothing of
 * an ICMP error. Beside each request over UDP, a socket of our own that is
 * connected to the same server sends four bytes, CR LF CR LF, which every
 * SIP server takes for a keep-alive and drops; if nobody listens there, the
 * error comes back on that socket.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failover.h"


struct icmp {
	struct udp_sock *us;
	struct sa dst;               /**< Where `us` is connected to         */
	uint64_t since;              /**< When the request was sent [ms]     */
	struct line *line;
	unsigned server;
};


static void destructor(void *arg)
{
	struct icmp *icmp = arg;

	mem_deref(icmp->us);
}


static void recv_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	(void)src;
	(void)mb;
	(void)arg;
}


/* Errors that an ICMP message about the server makes; others are our own */
static bool is_unreachable(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH;
}


static void error_handler(int err, void *arg)
{
	struct icmp *icmp = arg;

	if (is_unreachable(err))
		line_failed(icmp->line, icmp->server, icmp->since,
			    err == ECONNREFUSED ? "ICMP port unreachable" :
			    "ICMP host unreachable");
}


static int connect_to(struct icmp *icmp, const struct sa *dst)
{
	struct sa any;
	int err;

	if (icmp->us && sa_cmp(&icmp->dst, dst, SA_ALL))
		return 0;

	icmp->us = mem_deref(icmp->us);

	sa_init(&any, sa_af(dst));

	err = udp_listen(&icmp->us, &any, recv_handler, icmp);
	if (err)
		return err;

	udp_error_handler_set(icmp->us, error_handler);
	icmp->dst = *dst;

	err = udp_connect(icmp->us, dst);
	if (err)
		icmp->us = mem_deref(icmp->us);

	return err;
}


/**
 * Allocate
 *
 * @param icmpp  Pointer to allocated object
 * @param line   Line that is told; owns the object
 * @param server Server
 *
 * @return 0 if success, otherwise errorcode
 */
int icmp_alloc(struct icmp **icmpp, struct line *line, unsigned server)
{
	struct icmp *icmp = mem_zalloc(sizeof(*icmp), destructor);

	if (!icmp)
		return ENOMEM;

	icmp->line   = line;
	icmp->server = server;
	*icmpp = icmp;

	return 0;
}


/**
 * See whether somebody listens where a request goes
 *
 * @param icmp  Object
 * @param dst   Where the request goes
 * @param since When that request was first sent [ms]
 */
void icmp_poke(struct icmp *icmp, const struct sa *dst, uint64_t since)
{
	static uint8_t crlfcrlf[4] = {'\r', '\n', '\r', '\n'};
	struct mbuf mb = { .buf = crlfcrlf, .size = 4, .pos = 0, .end = 4 };

	if (connect_to(icmp, dst))
		return;

	icmp->since = since;

	/* an error that waits on the socket is returned by the next call on
	   it: here, or by the read that calls error_handler() */
	error_handler(udp_send(icmp->us, dst, &mb), icmp);
}
