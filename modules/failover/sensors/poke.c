/**
 * @file poke.c  Sees at once that nobody listens at a server
 *
 * libre's UDP sockets are not connected, so the kernel tells them nothing of
 * an ICMP error. Beside each request over UDP, a socket of our own that is
 * connected to the same server sends four bytes, CR LF CR LF, which every
 * SIP server takes for a keep-alive and drops; if nobody listens there, or no
 * router knows the way, the error comes back on that socket.
 *
 * Of a connection that is refused libre tells whoever sent the request, but
 * for a BYE that is nobody: there, a connection of our own asks.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <netinet/in.h>
#include "compat.h"
#include "evidence.h"
#include "poke.h"
#include "state.h"


struct poke {
	struct udp_sock *us;
	struct tcp_conn *tc;
	struct sa dst;               /**< Where `us` is connected to         */
	uint64_t since;              /**< When the request was sent [ms]     */
	struct line *line;
	unsigned server;
};


static void destructor(void *arg)
{
	struct poke *poke = arg;

	mem_deref(poke->us);
	mem_deref(poke->tc);
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


/* Of a closed port a connected UDP socket hears anyway, of an unreachable
   host only if that is asked for: ip(7). The kernel then keeps each error
   until it is read, or until they are not wanted any more. */
static void want_errors(struct poke *poke, int on)
{
	const bool v6 = sa_af(&poke->dst) == AF_INET6;

	(void)udp_setsockopt(poke->us, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			     v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on));
}


static void error_handler(int err, void *arg)
{
	struct poke *poke = arg;

	/* those that it keeps would wake us again and again */
	if (err) {
		want_errors(poke, 0);
		want_errors(poke, 1);
	}

	if (is_unreachable(err))
		evidence_unreachable(poke->line, poke->server, &poke->dst,
				     poke->since, err == ECONNREFUSED ?
				     "ICMP port unreachable" :
				     HOST_UNREACHABLE);
}


/* What comes at a time of its own is ICMP; a call that returns ENETUNREACH
   speaks of this machine */
static void icmp_handler(int err, void *arg)
{
	error_handler(err == ENETUNREACH ? EHOSTUNREACH : err, arg);
}


static int connect_to(struct poke *poke, const struct sa *dst)
{
	struct sa any;
	int err;

	if (poke->us && sa_cmp(&poke->dst, dst, SA_ALL))
		return 0;

	poke->us = mem_deref(poke->us);

	sa_init(&any, sa_af(dst));

	err = udp_listen(&poke->us, &any, recv_handler, poke);
	if (err)
		return err;

	udp_error_handler_set(poke->us, icmp_handler);
	poke->dst = *dst;
	want_errors(poke, 1);

	err = udp_connect(poke->us, dst);
	if (err)
		poke->us = mem_deref(poke->us);

	return err;
}


/**
 * Allocate
 *
 * @param pokep  Pointer to allocated object
 * @param line   Line that is told; owns the object
 * @param server Server
 *
 * @return 0 if success, otherwise errorcode
 */
int poke_alloc(struct poke **pokep, struct line *line, unsigned server)
{
	struct poke *poke = mem_zalloc(sizeof(*poke), destructor);

	if (!poke)
		return ENOMEM;

	poke->line   = line;
	poke->server = server;
	*pokep = poke;

	return 0;
}


/**
 * See whether somebody listens where a request goes
 *
 * @param poke  Object
 * @param dst   Where the request goes
 * @param since When that request was first sent [ms]
 */
void poke_udp(struct poke *poke, const struct sa *dst, uint64_t since)
{
	static uint8_t crlfcrlf[4] = {'\r', '\n', '\r', '\n'};
	struct mbuf mb = { .buf = crlfcrlf, .size = 4, .pos = 0, .end = 4 };

	if (connect_to(poke, dst))
		return;

	poke->since = since;

	/* an error that waits on the socket is returned by the next call on
	   it: here, or by the read that calls error_handler() */
	error_handler(udp_send(poke->us, dst, &mb), poke);
}


static void tcp_estab_handler(void *arg)
{
	struct poke *poke = arg;

	poke->tc = mem_deref(poke->tc);
}


static void tcp_close_handler(int err, void *arg)
{
	struct poke *poke = arg;
	char reason[REASON_SIZE];

	poke->tc = mem_deref(poke->tc);

	if (!is_unreachable(err))
		return;

	(void)re_snprintf(reason, sizeof(reason), "%m", err);
	evidence_failed(poke->line, poke->server, poke->since, reason);
}


/**
 * See whether somebody accepts connections where a request goes
 *
 * @param poke  Object
 * @param dst   Where the request goes
 * @param since When that request was first sent [ms]
 */
void poke_tcp(struct poke *poke, const struct sa *dst, uint64_t since)
{
	int err;

	poke->since = since;
	poke->tc = mem_deref(poke->tc);

	err = tcp_connect(&poke->tc, dst, tcp_estab_handler, NULL,
			  tcp_close_handler, poke);
	if (err)
		tcp_close_handler(err, poke);
}
