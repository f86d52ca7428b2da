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
#include <string.h>
#include "dialog.h"
#include "failover.h"
#include "schedule.h"


enum {
	LIFETIME_MS = 32000 + 500,   /**< 64*T1, and libre's own timer first */
	MEMORY_MS   = 3600 * 1000,   /**< A stopped server may yet wake up   */
};

/** What a transaction is to us */
enum kind {
	KIND_REGISTER,               /**< Baresip's registration             */
	KIND_DEREGISTER,             /**< A binding is being removed         */
	KIND_INVITE,                 /**< A call is being set up             */
	KIND_BYE,                    /**< ... hung up                        */
	KIND_OTHER,                  /**< Evidence if it is not answered     */
};

struct txn {
	struct le le;
	struct tmr tmr;              /**< libre has given it up by now       */
	struct tmr tmr_giveup;       /**< KIND_OTHER: so do we               */
	struct tmr tmr_poke;         /**< TCP, TLS: time to look             */
	uint32_t poke_ms;            /**< ... and how long that was          */
	struct line *line;
	unsigned server;
	enum kind kind;
	char *branch;
	char *met;
	char *callid;
	bool muted;                  /**< To be kept off the wire            */
	bool kept;                   /**< ... and it was                     */
	unsigned sends;
	enum sip_transp tp;
	struct sa dst;
	uint64_t since;              /**< First transmission [ms]            */
};

static struct list txnl;


static void destructor(void *arg)
{
	struct txn *txn = arg;

	list_unlink(&txn->le);
	tmr_cancel(&txn->tmr);
	tmr_cancel(&txn->tmr_giveup);
	tmr_cancel(&txn->tmr_poke);
	mem_deref(txn->branch);
	mem_deref(txn->met);
	mem_deref(txn->callid);
}


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


/* No final answer ever came. A de-registration that was sent may have done
   its work all the same: the answer was lost, or the connection with it. Or
   it waits in the socket of a server that is stopped, and will do it yet. */
static void expired_handler(void *arg)
{
	struct txn *txn = arg;

	if (txn->kind != KIND_DEREGISTER || txn->kept) {
		mem_deref(txn);
		return;
	}

	tmr_start(&txn->tmr, MEMORY_MS, forget_handler, txn);
	line_deregistered(txn->line);
}


static void giveup_handler(void *arg)
{
	struct txn *txn = arg;

	line_unanswered(txn->line, txn->server, txn->met, txn->sends,
			txn->since);
}


struct grant {
	const char *cuser;           /**< User part of our Contact           */
	uint32_t s;
};


static bool grant_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct grant *grant = arg;
	struct sip_addr addr;
	struct pl val;
	(void)msg;

	if (sip_addr_decode(&addr, &hdr->val) ||
	    pl_strcmp(&addr.uri.user, grant->cuser))
		return false;

	if (!msg_param_decode(&addr.params, "expires", &val))
		grant->s = pl_u32(&val);

	return true;
}


/* Seconds granted to our Contact, 0 if the answer does not say */
static uint32_t granted_s(const struct line *line, const struct sip_msg *msg)
{
	struct grant grant = {
		.cuser = ua_local_cuser(line->ua),
		.s     = pl_isset(&msg->expires) ? pl_u32(&msg->expires) : 0,
	};

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, grant_handler,
				&grant);

	return grant.s;
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
	if (!pl_strcmp(&msg->met, "INVITE") && !pl_isset(&msg->to.tag))
		return KIND_INVITE;

	if (!pl_strcmp(&msg->met, "BYE"))
		return KIND_BYE;

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


/* A connection that has ended tells nothing to a request that was sent over
   it. So where UDP would retransmit, see whether anybody is there. */
static void poke_handler(void *arg)
{
	struct txn *txn = arg;

	txn->poke_ms *= 2;
	tmr_start(&txn->tmr_poke, txn->poke_ms, poke_handler, txn);

	line_poke(txn->line, txn->server, txn->tp, &txn->dst, txn->since);
}


static int txn_copy(struct txn *txn, const struct sip_msg *msg)
{
	int err;

	err  = pl_strdup(&txn->branch, &msg->via.branch);
	err |= pl_strdup(&txn->met, &msg->met);
	err |= pl_strdup(&txn->callid, &msg->callid);

	return err;
}


static void txn_start(struct txn *txn)
{
	const bool invite = !strcmp(txn->met, "INVITE");

	tmr_start(&txn->tmr, LIFETIME_MS, expired_handler, txn);

	if (txn->kind == KIND_OTHER)
		tmr_start(&txn->tmr_giveup,
			  schedule_giveup_ms(&txn->line->set, invite),
			  giveup_handler, txn);

	if (txn->tp != SIP_TRANSP_UDP && txn->kind != KIND_DEREGISTER) {
		txn->poke_ms = T1_MS;
		tmr_start(&txn->tmr_poke, txn->poke_ms, poke_handler, txn);
	}
}


static struct txn *txn_alloc(const struct sip_msg *msg, enum sip_transp tp,
			     const struct sa *dst)
{
	const struct sip_hdr *route = sip_msg_hdr(msg, SIP_HDR_ROUTE);
	const struct dialog *dlg;
	struct line *line;
	struct txn *txn;
	unsigned server;

	dlg  = dialog_find(&msg->callid);
	line = dlg ? dlg->line : line_find_request(msg);
	if (!line)
		return NULL;

	server = line_server_of(line, route ? &route->val : NULL, tp, dst);
	if (!server)
		return NULL;

	txn = mem_zalloc(sizeof(*txn), destructor);
	if (!txn)
		return NULL;

	if (txn_copy(txn, msg))
		return mem_deref(txn);

	list_append(&txnl, &txn->le, txn);
	txn->line   = line;
	txn->server = server;
	txn->tp     = tp;
	txn->dst    = *dst;
	txn->kind   = kind_of(msg);
	txn->since  = tmr_jiffies();
	txn->muted  = txn->kind == KIND_DEREGISTER &&
		line_keeps_contact(line, tp);

	txn_start(txn);

	return txn;
}


/* Returns true if it is to be kept off the wire */
static bool request_sent(const struct sip_msg *msg, enum sip_transp tp,
			 const struct sa *dst)
{
	struct txn *txn;
	bool again;

	if (!pl_strcmp(&msg->met, "ACK"))
		return false;

	txn = txn_find(msg);
	again = txn != NULL;

	if (!txn)
		txn = txn_alloc(msg, tp, dst);

	if (!txn || !txn->muted)
		bye_sent(msg, txn != NULL, again);

	if (!txn)
		return false;

	++txn->sends;

	if (txn->kind == KIND_REGISTER && !txn->muted) {
		learn_contact(txn->line, msg);
		line_sent(txn->line, txn->server, txn->since, again);
	}
	else if (txn->kind == KIND_INVITE && !txn->muted) {
		dial_sent(txn->line, &msg->callid, again);
	}

	if (txn->muted)
		return tp == SIP_TRANSP_UDP && mute_is_ready();

	if (tp == SIP_TRANSP_UDP && txn->kind != KIND_DEREGISTER)
		line_poke(txn->line, txn->server, tp, dst, txn->since);

	return false;
}


/* RFC 3261 section 20.33; may be followed by a comment and parameters */
static void learn_retry_after(const struct txn *txn,
			      const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);
	struct pl s;

	if (msg->scode == 503 && hdr &&
	    !re_regex(hdr->val.p, hdr->val.l, "[0-9]+", &s))
		line_retry_after(txn->line, txn->server, pl_u32(&s));
}


static void response_received(const struct sip_msg *msg)
{
	struct txn *txn = txn_find(msg);
	struct line *line;

	if (!txn)
		return;

	line = txn->line;
	tmr_cancel(&txn->tmr_giveup);
	tmr_cancel(&txn->tmr_poke);

	learn_retry_after(txn, msg);

	if (txn->kind == KIND_INVITE) {
		if (msg->scode >= 200 && msg->scode < 300)
			dialog_connected(line, txn->server, msg);
		dial_answered(line, msg);
	}
	else if (txn->kind == KIND_BYE)
		bye_answered(msg);

	if (msg->scode < 200)
		return;

	switch (txn->kind) {

	case KIND_REGISTER:
		line_answered(line, txn->server, txn->since, msg->scode);
		if (msg->scode < 300)
			line_granted(line, txn->server,
				     granted_s(line, msg));
		mem_deref(txn);
		break;

	case KIND_DEREGISTER:
		mem_deref(txn);
		if (msg->scode < 300)
			line_deregistered(line);
		break;

	case KIND_INVITE:
	case KIND_BYE:
	case KIND_OTHER:
		mem_deref(txn);
		break;
	}
}


static void request_received(const struct sip_msg *msg)
{
	struct line *line;

	if (!pl_strcmp(&msg->met, "BYE")) {
		bye_received(msg);
		return;
	}

	if (pl_strcmp(&msg->met, "INVITE") || pl_isset(&msg->to.tag))
		return;

	line = line_find_contact(&msg->uri.user);
	if (line)
		dialog_invited(line, msg);
}


static bool trace_handler(bool tx, enum sip_transp tp, const struct sa *peer,
			  const struct sip_msg *msg)
{
	if (tx && msg->req)
		return request_sent(msg, tp, peer);

	if (tx) {
		if (msg->scode >= 200 && !pl_strcmp(&msg->cseq.met, "INVITE"))
			dialog_accepted(msg);
	}
	else if (msg->req) {
		request_received(msg);
	}
	else {
		response_received(msg);
	}

	return false;
}


static bool is_method(const struct pl *pkt, const char *met)
{
	const size_t len = strlen(met);

	return pkt->l > len && !memcmp(pkt->p, met, len) && pkt->p[len] == ' ';
}


static bool mute_handler(const struct pl *pkt, const struct pl *branch)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->muted && !pl_strcmp(branch, txn->branch) &&
		    is_method(pkt, txn->met)) {
			txn->kept = true;
			return true;
		}
	}

	return false;
}


/**
 * Begin to watch
 *
 * @return 0 if success, otherwise errorcode
 */
int wire_open(void)
{
	int err;

	err = trace_open(trace_handler);
	if (err)
		return err;

	/* without it the binding is renewed after the fact: see line.c */
	if (mute_open(mute_handler))
		info("failover: cannot keep back what libre sends\n");

	return 0;
}


/** Watch no more */
void wire_close(void)
{
	struct le *le;

	trace_close();
	mute_close();

	/* libre goes on with a de-registration for its 32 s, whether we are
	   there or not, and nobody would renew the binding */
	for (le = list_head(&txnl); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->kind == KIND_DEREGISTER && txn->kept)
			mute_linger(txn->branch, txn->since + LIFETIME_MS);
	}

	list_flush(&txnl);
}


/**
 * A server is given up: send it no more of what it has not answered
 *
 * @param line   Line
 * @param server Server
 */
void wire_give_up(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->line == line && txn->server == server &&
		    (txn->kind == KIND_REGISTER || txn->kind == KIND_INVITE))
			txn->muted = true;
	}
}


/**
 * A request is wanted no more: send no more of it. Should a server answer an
 * INVITE that it has, libre sends CANCEL, or ACK and BYE.
 *
 * @param callid Call-ID
 * @param met    Method
 */
void wire_mute(const char *callid, const char *met)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (!strcmp(txn->callid, callid) && !strcmp(txn->met, met))
			txn->muted = true;
	}
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
