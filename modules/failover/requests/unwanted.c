/**
 * @file unwanted.c  Requests that are not to go out any more
 *
 * Their servers were given up, or their calls. libre would go on with them:
 * withhold.c asks here about each packet. A request that is not on the wire
 * yet is remembered until it is.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "index.h"
#include "line.h"
#include "orphan.h"
#include "request.h"
#include "schedule.h"
#include "sent.h"
#include "timer.h"
#include "trace.h"
#include "txn.h"
#include "unwanted.h"


enum {
	RESOLVE_MS = 300 * 1000,     /**< libre asks name servers for so long*/
};

/** A request that is not wanted, and was not seen on the wire */
struct unwanted {
	struct le le;
	struct le he;                /**< By Call-ID, or by branch           */
	struct timer tmr;
	char *branch;                /**< If that is known, else NULL        */
	char *callid;
	const char *met;
	unsigned server;             /**< That it would go to                */
};

static struct list unwantedl;
static struct index by_text;         /* Call-ID or branch                 */


static void destructor(void *arg)
{
	struct unwanted *unw = arg;

	list_unlink(&unw->le);
	list_unlink(&unw->he);
	timer_cancel(&unw->tmr);
	mem_deref(unw->branch);
	mem_deref(unw->callid);
}


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


static void expect(const char *callid, const char *met, unsigned server)
{
	struct unwanted *unw = mem_zalloc(sizeof(*unw), destructor);

	if (!unw)
		return;

	list_append(&unwantedl, &unw->le, unw);
	unw->met    = met;
	unw->server = server;

	if (str_dup(&unw->callid, callid)) {
		mem_deref(unw);
		return;
	}

	index_add(&by_text, unw->callid, &unw->he, unw);
	timer_start(&unw->tmr, RESOLVE_MS, forget_handler, unw);
}


/**
 * Has a request waited, for a name to be resolved or a connection, until
 * nobody wanted it any more?
 *
 * @param txn Its transaction, about to begin
 *
 * @return True if it has
 */
bool unwanted_is(const struct txn *txn)
{
	struct pl callid;
	struct le *le;

	/* of a registration that Baresip has dropped */
	if (txn->kind == KIND_REGISTER)
		return txn->line->client && txn->line->client != txn->server;

	pl_set_str(&callid, txn->callid);

	/* a standby that is taken back: the binding is renewed after that */
	if (txn->kind == KIND_DEREGISTER && !request_is_own(&callid))
		return line_keeps_contact(txn->line, txn->tp, &txn->dst);

	if (list_isempty(&unwantedl))
		return false;

	for (le = list_head(index_bucket(&by_text, &callid)); le;
	     le = le->next) {

		const struct unwanted *unw = le->data;

		if (!unw->branch && !strcmp(txn->callid, unw->callid) &&
		    !strcmp(txn->met, unw->met) &&
		    txn->server == unw->server)
			return true;
	}

	return false;
}


/**
 * A request that makes no transaction, an ACK, is not to be sent
 *
 * @param branch Its branch
 */
void unwanted_add_branch(const struct pl *branch)
{
	struct unwanted *unw = mem_zalloc(sizeof(*unw), destructor);

	if (!unw)
		return;

	list_append(&unwantedl, &unw->le, unw);

	if (pl_strdup(&unw->branch, branch)) {
		mem_deref(unw);
		return;
	}

	index_add(&by_text, unw->branch, &unw->he, unw);
	timer_start(&unw->tmr, TRANSACTION_MS, forget_handler, unw);
}


/**
 * An account is let go: a de-registration that was withheld stays so. libre
 * would send it again, and a server that shares its location table would lose
 * the binding made since.
 *
 * @param line Line, about to be freed
 */
void unwanted_keep(const struct line *line)
{
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		const struct txn *txn = le->data;
		struct pl branch;

		if (txn->kind != KIND_DEREGISTER || !txn->unwanted)
			continue;

		pl_set_str(&branch, txn->branch);
		unwanted_add_branch(&branch);
	}
}


/**
 * Is a request that makes no transaction of ours not to be sent?
 *
 * @param branch Its branch
 *
 * @return True if it is
 */
bool unwanted_is_branch(const struct pl *branch)
{
	struct le *le;

	if (list_isempty(&unwantedl))
		return false;

	for (le = list_head(index_bucket(&by_text, branch)); le; le = le->next) {

		const struct unwanted *unw = le->data;

		if (unw->branch && !pl_strcmp(branch, unw->branch))
			return true;
	}

	return false;
}


/**
 * Is this packet one that is not to be sent?
 *
 * @param pkt    Packet
 * @param branch Branch in it
 * @param err    Set to what libre is to be told, if that is an error
 *
 * @return True if it is
 */
bool unwanted_withhold(const struct pl *pkt, const struct pl *branch, int *err)
{
	const char *space = memchr(pkt->p, ' ', pkt->l);
	struct txn *txn;
	struct pl met;

	trace_check();

	if (txn_is_passing())
		return false;

	if (unwanted_is_branch(branch))
		return true;

	met.p = pkt->p;
	met.l = space ? (size_t)(space - pkt->p) : 0;

	txn = txn_find(branch, &met);
	if (!txn || (!txn->unwanted && !txn->refused))
		return false;

	if (txn->unwanted) {
		/* a server may have, and handle, what went out before */
		txn->withheld = !txn->escaped;
	}
	else {
		*err = ECONNREFUSED;
		timer_cancel(&txn->tmr_giveup);
	}

	return true;
}


/**
 * The next transmission of a request fails for libre, which then goes on to
 * another address (RFC 3263 section 4.3)
 *
 * @param txn Transaction, over UDP
 */
void unwanted_pass_over(struct txn *txn)
{
	txn->refused = true;
}


/**
 * Nobody receives these requests: libre is told so at their next
 * retransmission
 *
 * @param line   Line
 * @param server Server
 * @param dst    Address of it
 */
void unwanted_refuse(const struct line *line, unsigned server,
		     const struct sa *dst)
{
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->server == server && txn->tp == SIP_TRANSP_UDP &&
		    sa_cmp(&txn->dst, dst, SA_ALL))
			unwanted_pass_over(txn);
	}
}


/* These end something that the server has. A de-registration is withheld for
   reasons of its own, a BYE once it goes through another server (bye.c). */
static bool is_ending(const struct txn *txn)
{
	return txn->kind == KIND_DEREGISTER || txn->kind == KIND_BYE ||
		!strcmp(txn->met, "CANCEL");
}


/**
 * A server is given up: send it no more of what it has not answered
 *
 * @param line   Line
 * @param server Server
 */
void unwanted_give_up(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->server != server || txn->unwanted || is_ending(txn))
			continue;

		txn_note_silence(txn);
		txn->unwanted = true;
	}
}


/* libre forgets it: orphan.c does not */
static void forget_invite(struct txn *txn)
{
	struct sip_msg *msg;
	struct pl pkt;

	if (!txn->invite)
		return;

	pkt.p = (const char *)txn->invite->buf;
	pkt.l = txn->invite->end;

	msg = sent_decode(&pkt);
	if (msg)
		orphan_add(msg, txn->tp, &txn->dst, txn->since);

	mem_deref(msg);
	txn->invite = mem_deref(txn->invite);
}


/**
 * A request is wanted no more: send no more of it. Should a server answer an
 * INVITE that it has, it gets CANCEL, or ACK and BYE, from libre or, when that
 * has forgotten it, from orphan.c.
 *
 * @param callid Call-ID
 * @param met    Method, a static text
 * @param server Server that it was for, should it not have been sent yet
 */
void unwanted_add(const char *callid, const char *met, unsigned server)
{
	bool seen = false;
	struct le *le;

	for (le = list_head(txn_list_callid(callid)); le; le = le->next) {

		struct txn *txn = le->data;

		if (strcmp(txn->callid, callid) || strcmp(txn->met, met))
			continue;

		seen = txn->unwanted = true;
		forget_invite(txn);
	}

	if (!seen)
		expect(callid, met, server);
}


/** Forget what is not wanted */
void unwanted_close(void)
{
	list_flush(&unwantedl);
}
