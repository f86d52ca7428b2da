/**
 * @file wire.c  The client transactions of our accounts, as seen in the trace
 *
 * Refreshes are announced by no event, retransmissions by nothing at all, and
 * a de-registration by libre's destructor has no listener. The trace shows
 * them all. A transaction is known by its branch and method (RFC 3261
 * section 17.1.3).
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failover.h"


enum {
	LIFETIME_MS = 32000 + 500,   /**< 64*T1, and libre's own timer first */
};

/** What a transaction is to us */
enum kind {
	KIND_REGISTER,               /**< Baresip's registration             */
	KIND_DEREGISTER,             /**< A binding is being removed         */
	KIND_OTHER,
};

struct txn {
	struct le le;
	struct tmr tmr;
	struct line *line;
	unsigned server;
	enum kind kind;
	char *branch;
	char *met;
	uint64_t since;              /**< First transmission [ms]            */
};

static struct list txnl;


static void destructor(void *arg)
{
	struct txn *txn = arg;

	list_unlink(&txn->le);
	tmr_cancel(&txn->tmr);
	mem_deref(txn->branch);
	mem_deref(txn->met);
}


/* No final answer ever came. A de-registration may have done its work all
   the same: the answer was lost, or the connection with it */
static void expired_handler(void *arg)
{
	struct txn *txn = arg;
	struct line *line = txn->line;
	const bool dereg = txn->kind == KIND_DEREGISTER;

	mem_deref(txn);

	if (dereg)
		line_deregistered(line);
}


static struct txn *txn_find(const struct sip_msg *msg)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (!pl_strcmp(&msg->via.branch, txn->branch) &&
		    !pl_strcmp(&msg->cseq.met, txn->met))
			return txn;
	}

	return NULL;
}


/* RFC 3261 section 10.2.2 */
static bool is_deregister(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	struct pl val;

	if (!hdr || sip_addr_decode(&addr, &hdr->val))
		return false;

	if (!msg_param_decode(&addr.params, "expires", &val))
		return pl_u32(&val) == 0;

	return pl_isset(&msg->expires) && pl_u32(&msg->expires) == 0;
}


static enum kind kind_of(const struct sip_msg *msg)
{
	if (pl_strcmp(&msg->met, "REGISTER"))
		return KIND_OTHER;

	if (is_deregister(msg))
		return KIND_DEREGISTER;

	return request_is_own(&msg->callid) ? KIND_OTHER : KIND_REGISTER;
}


/* ;expires=N is what libre writes first: keep what follows it */
static void learn_contact(struct line *line, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	struct pl rest = PL_INIT;

	if (!hdr || sip_addr_decode(&addr, &hdr->val) ||
	    re_regex(addr.params.p, addr.params.l, ";expires=[0-9]+[^]*",
		     NULL, &rest))
		return;

	line->contact_params = mem_deref(line->contact_params);
	(void)pl_strdup(&line->contact_params, &rest);
}


static struct txn *txn_alloc(const struct sip_msg *msg, enum sip_transp tp,
			     const struct sa *dst)
{
	const struct sip_hdr *route = sip_msg_hdr(msg, SIP_HDR_ROUTE);
	struct line *line;
	struct txn *txn;
	unsigned server;

	line = line_find_aor(&msg->from.uri.user, &msg->from.uri.host);
	if (!line)
		return NULL;

	server = line_server_of(line, route ? &route->val : NULL, tp, dst);
	if (!server)
		return NULL;

	txn = mem_zalloc(sizeof(*txn), destructor);
	if (!txn)
		return NULL;

	if (pl_strdup(&txn->branch, &msg->via.branch) ||
	    pl_strdup(&txn->met, &msg->met))
		return mem_deref(txn);

	list_append(&txnl, &txn->le, txn);
	txn->line   = line;
	txn->server = server;
	txn->kind   = kind_of(msg);
	txn->since  = tmr_jiffies();

	tmr_start(&txn->tmr, LIFETIME_MS, expired_handler, txn);

	return txn;
}


static void request_sent(const struct sip_msg *msg, enum sip_transp tp,
			 const struct sa *dst)
{
	struct txn *txn;
	bool again;

	if (!pl_strcmp(&msg->met, "ACK"))
		return;

	txn = txn_find(msg);
	again = txn != NULL;

	if (!txn)
		txn = txn_alloc(msg, tp, dst);
	if (!txn)
		return;

	if (txn->kind == KIND_REGISTER) {
		learn_contact(txn->line, msg);
		line_sent(txn->line, txn->server, txn->since, again);
	}

	if (tp == SIP_TRANSP_UDP && txn->kind != KIND_DEREGISTER)
		line_poke(txn->line, txn->server, dst, txn->since);
}


static void response_received(const struct sip_msg *msg)
{
	struct txn *txn = txn_find(msg);
	struct line *line;

	if (!txn || msg->scode < 200)
		return;

	line = txn->line;

	switch (txn->kind) {

	case KIND_REGISTER:
		line_answered(line, txn->server, msg->scode);
		mem_deref(txn);
		break;

	case KIND_DEREGISTER:
		mem_deref(txn);
		if (msg->scode < 300)
			line_deregistered(line);
		break;

	case KIND_OTHER:
		mem_deref(txn);
		break;
	}
}


static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt,
			  size_t len, void *arg)
{
	struct sip_msg *msg = NULL;
	struct mbuf *mb;
	(void)src;
	(void)arg;

	mb = mbuf_alloc(len);
	if (!mb || mbuf_write_mem(mb, pkt, len))
		goto out;

	mb->pos = 0;

	if (sip_msg_decode(&msg, mb))
		goto out;

	if (tx && msg->req)
		request_sent(msg, tp, dst);
	else if (!tx && !msg->req)
		response_received(msg);

 out:
	mem_deref(msg);
	mem_deref(mb);
}


/**
 * Begin to watch
 *
 * @return 0 if success, otherwise errorcode
 */
int wire_open(void)
{
	return trace_open(trace_handler);
}


/** Watch no more */
void wire_close(void)
{
	trace_close();
	list_flush(&txnl);
}


/**
 * Forget the transactions of a line
 *
 * @param line Line, about to be freed
 */
void wire_forget(const struct line *line)
{
	struct le *le = list_head(&txnl);

	while (le) {

		struct txn *txn = le->data;

		le = le->next;

		if (txn->line == line)
			mem_deref(txn);
	}
}
