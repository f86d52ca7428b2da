/**
 * @file sent.c  A message that is being sent
 *
 * libre passes the text that it sends. Often a few of its values are enough.
 * It is decoded only when more is needed.
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
 * @return Message, to be released with mem_deref(); NULL if it is not valid,
 *         or out of memory
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


static bool decode(struct sent *sent)
{
	if (!sent_message(sent))
		return false;

	copy_decoded(&sent->g, sent->msg);
	sent->parties = true;

	return true;
}


/**
 * Read a message that is being sent
 *
 * @param sent Set to its values but the parties; if it could be read, the
 *             caller resets it
 * @param pkt  Message; must stay valid as long as `sent`
 * @param len  Its length
 *
 * @return True if it could be read
 */
bool sent_read(struct sent *sent, const uint8_t *pkt, size_t len)
{
	sent->pkt.p = (const char *)pkt;
	sent->pkt.l = len;
	sent->msg   = NULL;
	sent->parties = false;

	return glance_read(&sent->g, sent->pkt.p, len) || decode(sent);
}


/**
 * Read who a message is from and to. Not every message needs that.
 *
 * @param sent Message; `from_uri` and the tags are set
 *
 * @return True if it could be read
 */
bool sent_parties(struct sent *sent)
{
	if (!sent->parties)
		sent->parties = glance_parties(&sent->g) || decode(sent);

	return sent->parties;
}


/**
 * The decoded message
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
 * Free the decoded message
 *
 * @param sent Message
 */
void sent_reset(struct sent *sent)
{
	sent->msg = mem_deref(sent->msg);
}
