/**
 * @file txn.c  Client transactions of our accounts
 *
 * A transaction is known by its branch and method (RFC 3261 section 17.1.3).
 * It lives for as long as libre keeps it, and ends with a final answer.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "glance.h"
#include "index.h"
#include "line.h"
#include "plain.h"
#include "renumber.h"
#include "schedule.h"
#include "sent.h"
#include "target.h"
#include "txn.h"
#include "withhold.h"


static struct list txnl;
static struct index branches;
static struct index callids;
static bool passing;                 /* What is sent now is our own          */


static void destructor(void *arg)
{
	struct txn *txn = arg;

	list_unlink(&txn->le);
	list_unlink(&txn->he);
	list_unlink(&txn->cle);
	list_unlink(&txn->lle);
	timer_cancel(&txn->tmr);
	timer_cancel(&txn->tmr_giveup);
	timer_cancel(&txn->tmr_probe);
	mem_deref(txn->invite);
}


/**
 * A server is given up. If it has left this request without an answer, the
 * next one is to go to another address of that server's name.
 *
 * @param txn Transaction
 */
void txn_note_silence(struct txn *txn)
{
	struct server *srv = &txn->line->serverv[txn->server - 1];
	const uint64_t now = clock_ms();

	if (!txn->answered && !txn->refused && !txn->withheld &&
	    now - txn->since >= T1_MS)
		target_failed(srv, &txn->dst, true, now);
}


/**
 * All transactions
 *
 * @return List of struct txn
 */
const struct list *txn_list(void)
{
	return &txnl;
}


/**
 * The transactions that may have a Call-ID
 *
 * @param callid Call-ID
 *
 * @return List of struct txn, with a few others in it perhaps
 */
const struct list *txn_list_callid(const char *callid)
{
	struct pl pl;

	pl_set_str(&pl, callid);

	return index_bucket(&callids, &pl);
}


/**
 * The latest transaction with a Call-ID
 *
 * @param callid Call-ID
 *
 * @return Transaction, NULL if there is none
 */
const struct txn *txn_latest(const char *callid)
{
	const struct txn *latest = NULL;
	struct le *le;

	for (le = list_head(txn_list_callid(callid)); le; le = le->next) {

		const struct txn *txn = le->data;

		if (!strcmp(txn->callid, callid))
			latest = txn;
	}

	return latest;
}


/**
 * Find a transaction
 *
 * @param branch Branch of the topmost Via
 * @param met    Method
 *
 * @return Transaction, NULL if there is none
 */
struct txn *txn_find(const struct pl *branch, const struct pl *met)
{
	struct le *le;

	for (le = list_head(index_bucket(&branches, branch)); le; le = le->next) {

		struct txn *txn = le->data;

		if (plain_is(branch, txn->branch) &&
		    plain_is(met, txn->met))
			return txn;
	}

	return NULL;
}


/**
 * Find the transaction of a packet that was sent, or of its beginning
 *
 * @param pkt Packet, which has the whole branch
 *
 * @return Transaction, NULL if there is none
 */
struct txn *txn_find_packet(const struct pl *pkt)
{
	const char *space = memchr(pkt->p, ' ', pkt->l);
	struct pl branch, met;

	if (!space || !glance_branch(&branch, pkt->p, pkt->l))
		return NULL;

	met.p = pkt->p;
	met.l = (size_t)(space - pkt->p);

	return txn_find(&branch, &met);
}


/**
 * libre's transmissions of this request are not to go out any more
 *
 * @param txn Transaction
 */
void txn_set_unwanted(struct txn *txn)
{
	txn->unwanted = true;
}


/**
 * This request goes to another server from now on, with the same branch. What
 * libre sends of it is withheld, what we send is not: txn_set_passing().
 *
 * @param txn    Transaction
 * @param server Server that it goes to
 * @param tp     Transport
 * @param dst    Destination
 */
void txn_detour(struct txn *txn, unsigned server, enum sip_transp tp,
		const struct sa *dst)
{
	txn->unwanted = true;
	txn->detoured = true;
	txn->answered = false;
	txn->server   = server;
	txn->tp       = tp;
	txn->dst      = *dst;
	txn->since    = clock_ms();
	timer_cancel(&txn->tmr_probe);
}


/**
 * Say that what is sent is our own, and passes
 *
 * @param on True before sip_send(), false after it
 */
void txn_set_passing(bool on)
{
	passing = on;
}


/**
 * Is what is being sent our own?
 *
 * @return True if it is
 */
bool txn_is_passing(void)
{
	return passing;
}


/* The memory is zero: the text ends there */
static char *put(char **textp, char *p, const struct pl *pl)
{
	memcpy(p, pl->p, pl->l);
	*textp = p;

	return p + pl->l + 1;
}


/* Its texts are behind it, in the same piece of memory */
static struct txn *alloc_with_texts(const struct glance *g)
{
	const size_t texts = g->branch.l + g->met.l + g->callid.l + 3;
	struct txn *txn;
	char *p;

	if (!g->branch.l || !g->met.l || !g->callid.l)
		return NULL;

	txn = mem_zalloc(sizeof(*txn) + texts, destructor);
	if (!txn)
		return NULL;

	p = (char *)(txn + 1);
	p = put(&txn->branch, p, &g->branch);
	p = put(&txn->met, p, &g->met);
	(void)put(&txn->callid, p, &g->callid);

	return txn;
}


static int keep_invite(struct txn *txn, const struct pl *pkt)
{
	txn->invite = mbuf_alloc(pkt->l);

	return txn->invite ? mbuf_write_pl(txn->invite, pkt) : ENOMEM;
}


/**
 * A request is on the wire for the first time
 *
 * @param line   Line that it is from
 * @param server Server that it goes to
 * @param kind   What it is to us
 * @param sent   Request
 * @param tp     Transport
 * @param dst    Destination
 *
 * @return Transaction, which ends by itself; NULL without memory
 */
struct txn *txn_alloc(struct line *line, unsigned server, enum kind kind,
		      const struct sent *sent, enum sip_transp tp,
		      const struct sa *dst)
{
	struct txn *txn = alloc_with_texts(&sent->g);

	if (!txn)
		return NULL;

	txn->kind = kind;
	if (kind == KIND_INVITE && keep_invite(txn, &sent->pkt))
		return mem_deref(txn);

	list_append(&txnl, &txn->le, txn);
	list_append(&line->txnl, &txn->lle, txn);
	index_add_pl(&branches, &sent->g.branch, &txn->he, txn);
	index_add_pl(&callids, &sent->g.callid, &txn->cle, txn);
	txn->line   = line;
	txn->server = server;
	txn->tp     = tp;
	txn->dst    = *dst;
	txn->since  = clock_ms();

	return txn;
}


/**
 * It has an answer, provisional or final: its server lives
 *
 * @param txn Transaction
 */
void txn_answered(struct txn *txn)
{
	txn->answered = true;
	timer_cancel(&txn->tmr_giveup);
	timer_cancel(&txn->tmr_probe);
}


/**
 * It has its final answer, of the server or of ours. libre has ended it.
 *
 * @param txn Transaction, may be NULL
 */
void txn_end(struct txn *txn)
{
	if (!txn)
		return;

	txn_answered(txn);
	txn->ended = true;
}


/**
 * Is libre removing a binding of the account's at this moment, through a
 * server that may hear it?
 *
 * @param line Line
 *
 * @return True if it is
 */
bool txn_is_deregistering(const struct line *line)
{
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		const struct txn *txn = le->data;
		const struct policy_server *ps =
			&line->policy.serverv[txn->server - 1];

		/* after that time it is kept for the sake of a late answer */
		if (txn->kind == KIND_DEREGISTER && !txn->withheld &&
		    !txn->ended && ps->health != HEALTH_DOWN &&
		    clock_ms() < txn->since + TXN_LIFETIME_MS)
			return true;
	}

	return false;
}


/**
 * Forget the transactions of a line
 *
 * @param line Line, about to be freed
 */
void txn_forget(const struct line *line)
{
	struct le *le = list_head(&line->txnl);

	while (le) {

		struct txn *txn = le->data;

		le = le->next;
		mem_deref(txn);
	}
}


/**
 * Does a request wait for an answer over a connection to a server? Then what
 * becomes of the connection becomes of the request.
 *
 * @param line   Line
 * @param server Server
 * @param since  When the latest of them was sent [ms]
 *
 * @return True if one does, of which nothing has been heard
 */
bool txn_is_waiting(const struct line *line, unsigned server, uint64_t *since)
{
	bool waiting = false;
	struct le *le;

	for (le = list_head(&line->txnl); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->server == server && txn->tp != SIP_TRANSP_UDP &&
		    !txn->answered && !txn->unwanted &&
		    txn->kind != KIND_DEREGISTER) {
			waiting = true;
			*since  = txn->since;
		}
	}

	return waiting;
}


/** Forget all transactions; what is kept off the wire stays so */
void txn_close(void)
{
	struct le *le;

	/* libre goes on with a de-registration for its 32 s, whether we are
	   there or not, and nobody would renew the binding */
	for (le = list_head(&txnl); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->kind == KIND_DEREGISTER && txn->unwanted &&
		    !txn->ended)
			withhold_linger(txn->branch,
					txn->since + TXN_LIFETIME_MS);
	}

	list_flush(&txnl);
}


/**
 * The servers of a line have changed. A de-registration is
 * waited for even if its server is gone: others may share its table.
 *
 * @param line Line
 * @param rn   Change
 */
void txn_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&line->txnl);

	while (le) {

		struct txn *txn = le->data;

		le = le->next;

		txn->server = renumber_to(rn, txn->server);

		if (!txn->server && txn->kind == KIND_DEREGISTER)
			txn->server = PRIMARY;
		else if (!txn->server)
			mem_deref(txn);
	}
}
