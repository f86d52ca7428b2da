/**
 * @file withhold.c  Keeps what has become wrong to send off the wire
 *
 * libre goes on with a request that nobody wants any more: it retransmits to
 * a server that was given up, and de-registers the very binding that was just
 * made elsewhere. It has no call to stop that, but it has helpers, which see
 * a UDP packet before it is sent and may keep it (re_udp.h). One is put on
 * each SIP socket; it is the socket's from then on, and dies with it.
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
	LAYER       = 5,             /**< Any; tells our helper from others  */
	MAX_LINGER  = 32,            /**< More are let pass                  */
	BRANCH_SIZE = 48,            /**< libre's have 23 characters         */
};

static struct {
	withhold_h *h;               /**< NULL: closed                       */

	/** What is kept when the module is gone already */
	struct {
		char branch[BRANCH_SIZE];
		uint64_t until;      /**< libre has given it up by then [ms] */
	} lingerv[MAX_LINGER];
	size_t lingerc;
} wh;


static bool lingers(const struct pl *branch)
{
	/* Baresip is quitting: it waits for what we keep */
	if (list_isempty(uag_list()))
		return false;

	for (size_t i = 0; i < wh.lingerc; i++) {
		if (!pl_strcmp(branch, wh.lingerv[i].branch))
			return clock_ms() < wh.lingerv[i].until;
	}

	return false;
}


static bool send_handler(int *err, struct sa *dst, struct mbuf *mb, void *arg)
{
	struct pl pkt, branch;
	(void)dst;
	(void)arg;

	pkt.p = (const char *)mbuf_buf(mb);
	pkt.l = mbuf_get_left(mb);

	/* what newer versions of libre make of a request that accepts no
	   destination: see lookup.c */
	if (!pkt.l) {
		*err = ECANCELED;
		return true;
	}

	/* an answer is wanted by who has asked */
	if (glance_is_answer(pkt.p, pkt.l) ||
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
 * Can packets to this address be kept off the wire?
 *
 * @param dst Destination
 *
 * @return True if there is a helper on the socket that they are sent from
 */
bool withhold_is_ready(const struct sa *dst)
{
	return sockets_fd(dst) >= 0;
}


/**
 * Begin to keep packets off the wire
 *
 * @param h Tells of a packet whether to keep it
 *
 * @return 0 if success, otherwise errorcode
 */
int withhold_open(withhold_h *h)
{
	wh.h = h;
	wh.lingerc = 0;

	return sockets_open(socket_handler);
}


/**
 * Keep a request off the wire even when the module is gone: its code stays
 * in memory (-z nodelete)
 *
 * @param branch Branch of the request
 * @param until  For so long [ms]
 */
void withhold_linger(const char *branch, uint64_t until)
{
	if (wh.lingerc == MAX_LINGER)
		return;

	str_ncpy(wh.lingerv[wh.lingerc].branch, branch, BRANCH_SIZE);
	wh.lingerv[wh.lingerc].until = until;
	++wh.lingerc;
}


/** Let all pass, but what lingers */
void withhold_close(void)
{
	wh.h = NULL;
	sockets_close();
}
