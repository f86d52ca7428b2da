/**
 * @file orphan.c  Responses to an INVITE that libre has forgotten
 *
 * libre forgets an unwanted INVITE after 64*T1, since 3.12 at once
 * (sip_request_cancel()). Its server may still answer, even much later if it
 * was stopped. Then it must get a CANCEL (RFC 3261 section 9.1), an ACK
 * (section 17.1.1.3), or an ACK and a BYE (section 15). Otherwise the far end
 * keeps ringing or stays off-hook. This file gets only responses that match no
 * transaction of libre.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "compat.h"
#include "orphan.h"
#include "schedule.h"
#include "timer.h"


enum {
	MEMORY_MS = 3600 * 1000,     /**< A stopped server may go on         */
};

struct orphan {
	struct le le;
	struct timer tmr;
	struct sip_msg *invite;
	enum sip_transp tp;
	struct sa dst;
	uint64_t since;              /**< First transmission [ms]            */
	bool ended;                  /**< BYE sent                           */
};

static struct list orphanl;
static struct sip_lsnr *lsnr;


static void destructor(void *arg)
{
	struct orphan *orphan = arg;

	list_unlink(&orphan->le);
	timer_cancel(&orphan->tmr);
	mem_deref(orphan->invite);
}


static void expired_handler(void *arg)
{
	mem_deref(arg);
}


static bool header_handler(const struct sip_hdr *hdr,
			   const struct sip_msg *msg, void *arg)
{
	(void)msg;

	return mbuf_printf(arg, "Route: %r\r\n", &hdr->val) != 0;
}


/* CANCEL, and ACK of a non-2xx: in the INVITE's own transaction */
static void send_within(const struct orphan *orphan, const char *met,
			const struct sip_taddr *to)
{
	const struct sip_msg *invite = orphan->invite;
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb)
		return;

	err  = mbuf_printf(mb, "%s %r SIP/2.0\r\nVia: %r\r\n"
			   "Max-Forwards: 70\r\n", met, &invite->ruri,
			   &invite->via.val);
	err |= sip_msg_hdr_apply(invite, true, SIP_HDR_ROUTE, header_handler,
				 mb) ? ENOMEM : 0;
	err |= mbuf_printf(mb, "To: %r\r\nFrom: %r\r\nCall-ID: %r\r\n"
			   "CSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
			   &to->val, &invite->from.val, &invite->callid,
			   invite->cseq.num, met);
	mb->pos = 0;
	if (!err)
		(void)sip_send(uag_sip(), NULL, orphan->tp, &orphan->dst, mb);

	mem_deref(mb);
}


/* ACK of a 2xx, and BYE: within the dialog, section 12.2.1.1 */
static void send_dialog(const struct sip_msg *msg, const char *met,
			uint32_t cseq)
{
	const struct sip_hdr *hdr;
	struct sip_addr target, hop;
	struct mbuf *routes = mbuf_alloc(256);
	char *uri = NULL;

	hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	if (!routes || !hdr || sip_addr_decode(&target, &hdr->val) ||
	    pl_strdup(&uri, &target.auri) ||
	    sip_msg_hdr_apply(msg, false, SIP_HDR_RECORD_ROUTE,
			      header_handler, routes))
		goto out;

	hop = target;
	hdr = sip_msg_hdr_apply(msg, false, SIP_HDR_RECORD_ROUTE, NULL, NULL);
	if (hdr && sip_addr_decode(&hop, &hdr->val))
		goto out;

	(void)sip_requestf(NULL, uag_sip(), strcmp(met, "ACK") != 0, met, uri,
			   &hop.uri, NULL, NULL, NULL, NULL,
			   "%bTo: %r\r\nFrom: %r\r\nCall-ID: %r\r\n"
			   "CSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
			   routes->buf, routes->end, &msg->to.val,
			   &msg->from.val, &msg->callid, cseq, met);

 out:
	mem_deref(uri);
	mem_deref(routes);
}


static void answer(struct orphan *orphan, const struct sip_msg *msg)
{
	if (msg->scode < 200) {
		send_within(orphan, "CANCEL", &orphan->invite->to);
	}
	else if (msg->scode >= 300) {
		send_within(orphan, "ACK", &msg->to);
	}
	else {
		send_dialog(msg, "ACK", msg->cseq.num);
		if (!orphan->ended)
			send_dialog(msg, "BYE", msg->cseq.num + 1);
		orphan->ended = true;
	}
}


static bool is_answer_to(const struct sip_msg *msg,
			 const struct orphan *orphan)
{
	return !pl_cmp(&msg->via.branch, &orphan->invite->via.branch);
}


static bool response_handler(const struct sip_msg *msg, void *arg)
{
	struct le *le;
	(void)arg;

	for (le = list_head(&orphanl); le; le = le->next) {

		struct orphan *orphan = le->data;

		if (!is_answer_to(msg, orphan))
			continue;

		/* not the response to our CANCEL */
		if (!pl_strcmp(&msg->cseq.met, "INVITE"))
			answer(orphan, msg);

		return true;
	}

	return false;
}


/**
 * An INVITE is no longer wanted
 *
 * @param invite INVITE, as sent
 * @param tp     Transport
 * @param dst    Destination
 * @param since  First transmission [ms]
 */
void orphan_add(struct sip_msg *invite, enum sip_transp tp,
		const struct sa *dst, uint64_t since)
{
	struct orphan *orphan;

	if (!lsnr && sip_listen(&lsnr, uag_sip(), false, response_handler,
				NULL))
		return;

	orphan = mem_zalloc(sizeof(*orphan), destructor);
	if (!orphan)
		return;

	list_append(&orphanl, &orphan->le, orphan);
	orphan->invite = mem_ref(invite);
	orphan->tp     = tp;
	orphan->dst    = *dst;
	orphan->since  = since;
	timer_start(&orphan->tmr, MEMORY_MS, expired_handler, orphan);
}


static bool is_forgotten(const struct orphan *orphan)
{
#if FAILOVER_LIBRE >= 312
	(void)orphan;
	return true;
#else
	return clock_ms() - orphan->since > TRANSACTION_MS;
#endif
}


/**
 * libre is about to get a 2xx. Its sessions consume every 2xx, known or not,
 * so our listener gets none.
 *
 * @param msg Response to an INVITE
 */
void orphan_connected(const struct sip_msg *msg)
{
	struct le *le;

	for (le = list_head(&orphanl); le; le = le->next) {

		struct orphan *orphan = le->data;

		if (is_answer_to(msg, orphan) && is_forgotten(orphan))
			answer(orphan, msg);
	}
}


/** Stop answering */
void orphan_close(void)
{
	list_flush(&orphanl);
	lsnr = mem_deref(lsnr);
}
