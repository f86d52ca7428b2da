/**
 * @file withhold.c  Keeps unwanted requests off the wire
 *
 * libre continues requests that nobody wants any more. It retransmits to a
 * server that was given up, and de-registers a binding that was just made
 * through another server. No call stops that. But libre has helpers, which see
 * a UDP packet before it is sent and may withhold it (re_udp.h). One is added
 * to each SIP socket, and lives as long as the socket.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "glance.h"
#include "icmp.h"
#include "sockets.h"
#include "withhold.h"


enum {
	LAYER       = 5,             /**< Any value, unlike others' layers   */
	MAX_LINGER  = 32,            /**< Any others are sent                */
	BRANCH_SIZE = 48,            /**< libre's have 23 characters         */
};

static struct {
	withhold_h *h;               /**< NULL: closed                       */
	struct pl passed;            /**< Packet that withhold_pass() named  */

	/** Withheld even after the module was closed */
	struct {
		char branch[BRANCH_SIZE];
		uint64_t until;      /**< libre has given up by then [ms]    */
	} lingerv[MAX_LINGER];
	size_t lingerc;
} wh;


static bool lingers(const struct pl *branch)
{
	/* Baresip is quitting, and waits for these requests */
	if (list_isempty(uag_list()))
		return false;

	for (size_t i = 0; i < wh.lingerc; i++) {
		if (!pl_strcmp(branch, wh.lingerv[i].branch))
			return clock_ms() < wh.lingerv[i].until;
	}

	return false;
}


static bool is_passed(const struct pl *pkt)
{
	const struct pl passed = wh.passed;

	wh.passed = pl_null;

	return pkt->p == passed.p && pkt->l == passed.l;
}


static bool send_handler(int *err, struct sa *dst, struct mbuf *mb, void *arg)
{
	struct pl pkt, branch;
	(void)dst;
	(void)arg;

	pkt.p = (const char *)mbuf_buf(mb);
	pkt.l = mbuf_get_left(mb);

	/* newer versions of libre make an empty packet of a request that
	   accepts no destination: see lookup.c */
	if (!pkt.l) {
		*err = ECANCELED;
		return true;
	}

	/* the sender of a request wants its response */
	if (is_passed(&pkt) || glance_is_answer(pkt.p, pkt.l) ||
	    !glance_branch(&branch, pkt.p, pkt.l))
		return false;

	return wh.h ? wh.h(&pkt, &branch, err) : lingers(&branch);
}


static bool recv_handler(struct sa *src, struct mbuf *mb, void *arg)
{
	(void)src;
	(void)mb;
	(void)arg;

	return false;
}


static int socket_handler(struct udp_sock *us)
{
	icmp_listen(us);

	if (udp_helper_find(us, LAYER))
		return 0;

	return udp_register_helper(NULL, us, LAYER, send_handler,
				   recv_handler, NULL);
}


/**
 * Can we keep packets to this address off the wire?
 *
 * @param dst Destination
 *
 * @return True if the socket that sends them has a helper
 */
bool withhold_is_ready(const struct sa *dst)
{
	return sockets_fd(dst) >= 0;
}


/**
 * Start to keep packets off the wire
 *
 * @param h Decides whether to withhold a packet
 *
 * @return 0 if success, otherwise errorcode
 */
int withhold_open(withhold_h *h)
{
	wh.h = h;
	wh.passed  = pl_null;
	wh.lingerc = 0;

	return sockets_open(socket_handler);
}


/**
 * libre is about to send a packet over UDP, and it has been looked at: the
 * helper need not do so again. A new socket has no helper yet. So this packet
 * is forgotten at the next one: a retransmission is at the same address.
 *
 * @param pkt Packet, NULL: the helper is to look at it
 * @param len Its length
 */
void withhold_pass(const uint8_t *pkt, size_t len)
{
	wh.passed.p = (const char *)pkt;
	wh.passed.l = len;
}


/**
 * Keep a request off the wire even after the module was closed. Its code stays
 * in memory (-z nodelete).
 *
 * @param branch Branch of the request
 * @param until  End of that time [ms]
 */
void withhold_linger(const char *branch, uint64_t until)
{
	if (wh.lingerc == MAX_LINGER)
		return;

	str_ncpy(wh.lingerv[wh.lingerc].branch, branch, BRANCH_SIZE);
	wh.lingerv[wh.lingerc].until = until;
	++wh.lingerc;
}


/** Withhold nothing any more, except what withhold_linger() has */
void withhold_close(void)
{
	wh.h = NULL;
	sockets_close();
}
