/**
 * @file sent.c  A message that is being sent
 *
 * libre shows what it sends as text. Mostly a glance at that is enough; it is
 * decoded when somebody wants to know more.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "sent.h"


/**
 * Decode a message
 *
 * @param pkt Message
 *
 * @return Message, to be dereferenced; NULL if it is none, or without memory
 */
struct sip_msg *sent_decode(const struct pl *pkt)
{
	struct sip_msg *msg = NULL;
	struct mbuf *mb = mbuf_alloc(pkt->l);

	if (mb && !mbuf_write_pl(mb, pkt)) {
		mb->pos = 0;
		(void)sip_msg_decode(&msg, mb);
	}

	mem_deref(mb);

	return msg;
}


static void copy_value(struct pl *pl, const struct sip_msg *msg,
		       enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	*pl = hdr ? hdr->val : pl_null;
}


static void copy_decoded(struct glance *g, const struct sip_msg *msg)
{
	g->req      = msg->req;
	g->met      = msg->req ? msg->met : msg->cseq.met;
	g->scode    = msg->scode;
	g->branch   = msg->via.branch;
	g->callid   = msg->callid;
	g->cseq     = msg->cseq.num;
	g->from     = msg->from.val;
	g->from_uri = msg->from.auri;
	g->from_tag = msg->from.tag;
	g->to       = msg->to.val;
	g->to_tag   = msg->to.tag;
	g->expires  = msg->expires;
	copy_value(&g->contact, msg, SIP_HDR_CONTACT);
	copy_value(&g->route, msg, SIP_HDR_ROUTE);
}


/**
 * Look at a message that is being sent
 *
 * @param sent Set to what it is; to be reset by the caller if it could be read
 * @param pkt  Message, valid for as long
 * @param len  Its length
 *
 * @return True if it could be read
 */
bool sent_read(struct sent *sent, const uint8_t *pkt, size_t len)
{
	sent->pkt.p = (const char *)pkt;
	sent->pkt.l = len;
	sent->msg   = NULL;

	if (glance_read(&sent->g, sent->pkt.p, len))
		return true;

	sent->msg = sent_decode(&sent->pkt);
	if (!sent->msg)
		return false;

	copy_decoded(&sent->g, sent->msg);

	return true;
}


/**
 * All of it
 *
 * @param sent Message
 *
 * @return Message, owned by `sent`; NULL if it cannot be decoded
 */
struct sip_msg *sent_message(struct sent *sent)
{
	if (!sent->msg)
		sent->msg = sent_decode(&sent->pkt);

	return sent->msg;
}


/**
 * Let go of what was decoded
 *
 * @param sent Message
 */
void sent_reset(struct sent *sent)
{
	sent->msg = mem_deref(sent->msg);
}
