/**
 * @file withhold.c  Keeps what has become wrong to send off the wire
 *
 * libre goes on with a request that nobody wants any more: it retransmits to
 * a server that was given up, and de-registers the very binding that was just
 * made elsewhere. It has no call to stop that, but it has helpers, which see
 * a UDP packet before it is sent and may keep it (re_udp.h). One is put on
 * the SIP socket.
 *
 * libre does not hand that socket out either, other than with a message that
 * came in by it. So we send one to ourselves: a response that belongs to no
 * transaction, which libre offers to its listeners. The helper is the
 * socket's from then on and dies with it; when Baresip opens its sockets anew
 * the next knock finds them bare.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "compat.h"
#include "withhold.h"


enum {
	LAYER = 5,                   /**< Any; tells our helper from others  */
	AFC   = 2,
	MAX_LINGER  = 32,            /**< More are let pass                  */
	BRANCH_SIZE = 48,            /**< libre's have 23 characters         */
};

static struct {
	struct sip_lsnr *lsnr;
	struct tmr tmr;
	char callid[32];             /**< Of the responses to ourselves      */
	bool ready;                  /**< The helper is in place             */
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

	if (re_regex(pkt.p, pkt.l, "branch=[^; \r\n]+", &branch))
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


static bool response_handler(const struct sip_msg *msg, void *arg)
{
	(void)arg;

	if (!withhold_is_knock(msg) || msg->tp != SIP_TRANSP_UDP)
		return false;

	wh.ready = udp_helper_find(msg->sock, LAYER) ||
		!udp_register_helper(NULL, msg->sock, LAYER, send_handler,
				     recv_handler, NULL);

	return true;
}


static void knock_at(const struct sa *addr)
{
	struct mbuf *mb = mbuf_alloc(512);

	if (!mb)
		return;

	if (!mbuf_printf(mb, "SIP/2.0 200 OK\r\n"
			 "Via: SIP/2.0/UDP %J;branch=z9hG4bK%s\r\n"
			 "From: <sip:failover@localhost>;tag=%s\r\n"
			 "To: <sip:failover@localhost>;tag=%s\r\n"
			 "Call-ID: %s\r\n"
			 "CSeq: 1 OPTIONS\r\n"
			 "Content-Length: 0\r\n\r\n",
			 addr, wh.callid, wh.callid, wh.callid,
			 wh.callid)) {
		mb->pos = 0;
		(void)udp_send_anon(addr, mb);
	}

	mem_deref(mb);
}


static void knock_handler(void *arg)
{
	static const char *hostv[AFC] = {"127.0.0.1", "::1"};
	struct sa dst, addr;
	(void)arg;

	for (unsigned i = 0; i < AFC && uag_sip(); i++) {

		if (sa_set_str(&dst, hostv[i], 1) ||
		    sip_transp_laddr(uag_sip(), &addr, SIP_TRANSP_UDP, &dst))
			continue;

		/* bound to any address: itself is as good as another */
		if (sa_is_any(&addr)) {
			sa_set_port(&dst, sa_port(&addr));
			addr = dst;
		}

		knock_at(&addr);
	}
}


/**
 * Look for SIP sockets that have no helper yet
 */
void withhold_knock(void)
{
	wh.ready = false;
	tmr_start(&wh.tmr, 0, knock_handler, NULL);
}


/**
 * Is this the response that we send to ourselves?
 *
 * @param msg SIP message received
 *
 * @return True if it is
 */
bool withhold_is_knock(const struct sip_msg *msg)
{
	return !msg->req && wh.callid[0] &&
		!pl_strcmp(&msg->callid, wh.callid);
}


/**
 * Is there a helper on the SIP socket?
 *
 * @return True if there is
 */
bool withhold_is_ready(void)
{
	return wh.ready;
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
	int err;

	tmr_init(&wh.tmr);

	err = sip_listen(&wh.lsnr, uag_sip(), false, response_handler,
			 NULL);
	if (err)
		return err;

	wh.h = h;
	wh.lingerc = 0;
	(void)re_snprintf(wh.callid, sizeof(wh.callid), "%016llx",
			  rand_u64());

	/* at once: before a name server can have answered */
	knock_handler(NULL);

	return 0;
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
	wh.h     = NULL;
	wh.ready = false;
	tmr_cancel(&wh.tmr);
	wh.lsnr = mem_deref(wh.lsnr);
}
