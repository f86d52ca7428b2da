/**
 * @file transaction.c  Client transactions of our accounts
 *
 * A transaction is known by its branch and method (RFC 3261 section 17.1.3).
 * It lives for as long as libre keeps it, and ends with a final answer.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "failover.h"
#include "schedule.h"
#include "transaction.h"


enum {
	LIFETIME_MS = 32000 + 500,   /**< 64*T1, and libre's own timer first */
	MEMORY_MS   = 3600 * 1000,   /**< A stopped server may yet wake up   */
	RESOLVE_MS  = 300 * 1000,    /**< libre asks name servers for so long*/
};

/** A request that is not wanted, and was not seen on the wire */
struct unwanted {
	struct le le;
	struct tmr tmr;
	char *callid;
	const char *met;
	unsigned server;             /**< That it would go to                */
};

static struct list txnl;
static struct list unwantedl;


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
	mem_deref(txn->invite);
}


static void unwanted_destructor(void *arg)
{
	struct unwanted *unw = arg;

	list_unlink(&unw->le);
	tmr_cancel(&unw->tmr);
	mem_deref(unw->callid);
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


/* The next request is to go to another address of that server's name */
static void note_silence(struct txn *txn)
{
	struct server *srv = &txn->line->serverv[txn->server - 1];
	const uint64_t now = clock_ms();

	if (!txn->answered && !txn->refused && !txn->kept &&
	    now - txn->since >= T1_MS)
		server_target_failed(srv, &txn->dst, true, now);
}


static void giveup_handler(void *arg)
{
	struct txn *txn = arg;
	const bool invite = !strcmp(txn->met, "INVITE");

	if (clock_is_late(txn->since +
			  schedule_giveup_ms(&txn->line->set, invite)))
		return;

	note_silence(txn);
	line_unanswered(txn->line, txn->server, txn->met, txn->sends,
			txn->since);
}


/**
 * Find the transaction that a message belongs to
 *
 * @param msg Request sent, or response received
 *
 * @return Transaction, NULL if there is none
 */
struct txn *txn_find(const struct sip_msg *msg)
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


/* A connection that has ended tells nothing to a request that was sent over
   it, and one that is dead does not even end. So where UDP would retransmit,
   see whether it is there (RFC 3261 section 8.1.3.1: if not, that is as good
   as a 503), and whether anybody is. */
static void poke_handler(void *arg)
{
	struct txn *txn = arg;

	txn->poke_ms *= 2;
	tmr_start(&txn->tmr_poke, txn->poke_ms, poke_handler, txn);

	if (clock_ms() - txn->since >=
	    schedule_giveup_ms(&txn->line->set, false))
		line_end_dead(txn->line, txn->server);

	if (connection_is_there(&txn->dst))
		line_poke(txn->line, txn->server, txn->tp, &txn->dst,
			  txn->since);
	else
		line_failed(txn->line, txn->server, txn->since,
			    "connection lost");
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


/* It has waited, for a name to be resolved or a connection, until nobody
   wanted it any more */
static bool is_unwanted(const struct txn *txn)
{
	struct le *le;

	/* of a registration that Baresip has dropped */
	if (txn->kind == KIND_REGISTER)
		return txn->line->client && txn->line->client != txn->server;

	if (txn->kind == KIND_DEREGISTER)
		return line_keeps_contact(txn->line, txn->tp, &txn->dst);

	for (le = list_head(&unwantedl); le; le = le->next) {

		const struct unwanted *unw = le->data;

		if (!strcmp(txn->callid, unw->callid) &&
		    !strcmp(txn->met, unw->met) &&
		    txn->server == unw->server)
			return true;
	}

	return false;
}


/**
 * A request is on the wire for the first time
 *
 * @param line   Line that it is from
 * @param server Server that it goes to
 * @param kind   What it is to us
 * @param msg    Request
 * @param tp     Transport
 * @param dst    Destination
 *
 * @return Transaction, which ends by itself; NULL without memory
 */
struct txn *txn_alloc(struct line *line, unsigned server, enum kind kind,
		      struct sip_msg *msg, enum sip_transp tp,
		      const struct sa *dst)
{
	struct txn *txn = mem_zalloc(sizeof(*txn), destructor);

	if (!txn)
		return NULL;

	if (txn_copy(txn, msg))
		return mem_deref(txn);

	list_append(&txnl, &txn->le, txn);
	txn->line   = line;
	txn->server = server;
	txn->kind   = kind;
	txn->tp     = tp;
	txn->dst    = *dst;
	txn->since  = clock_ms();
	txn->muted  = is_unwanted(txn);

	if (kind == KIND_INVITE)
		txn->invite = mem_ref(msg);

	txn_start(txn);

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
	tmr_cancel(&txn->tmr_giveup);
	tmr_cancel(&txn->tmr_poke);
}


static bool is_method(const struct pl *pkt, const char *met)
{
	const size_t len = strlen(met);

	return pkt->l > len && !memcmp(pkt->p, met, len) && pkt->p[len] == ' ';
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
bool txn_keep(const struct pl *pkt, const struct pl *branch, int *err)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if ((!txn->muted && !txn->refused) ||
		    pl_strcmp(branch, txn->branch) ||
		    !is_method(pkt, txn->met))
			continue;

		if (txn->muted) {
			txn->kept = true;
		}
		else {
			*err = ECONNREFUSED;
			tmr_cancel(&txn->tmr_giveup);
		}

		return true;
	}

	return false;
}


/**
 * The next transmission of a request fails for libre, which then goes on to
 * another address (RFC 3263 section 4.3)
 *
 * @param txn Transaction, over UDP
 */
void txn_pass_over(struct txn *txn)
{
	txn->refused = true;
}


/**
 * Nobody is where these requests go: at their next retransmission libre is
 * told so
 *
 * @param line   Line
 * @param server Server
 * @param dst    Address of it
 */
void txn_refuse(const struct line *line, unsigned server,
		const struct sa *dst)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->line == line && txn->server == server &&
		    txn->tp == SIP_TRANSP_UDP &&
		    sa_cmp(&txn->dst, dst, SA_ALL))
			txn_pass_over(txn);
	}
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

	for (le = list_head(&txnl); le; le = le->next) {

		const struct txn *txn = le->data;
		const struct policy_server *ps =
			&line->policy.serverv[txn->server - 1];

		/* after that time it is kept for the sake of a late answer */
		if (txn->line == line && txn->kind == KIND_DEREGISTER &&
		    !txn->kept && ps->health != HEALTH_DOWN &&
		    clock_ms() < txn->since + LIFETIME_MS)
			return true;
	}

	return false;
}


/**
 * A server is given up: send it no more of what it has not answered
 *
 * @param line   Line
 * @param server Server
 */
void txn_give_up(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (txn->line != line || txn->server != server || txn->muted ||
		    (txn->kind != KIND_REGISTER && txn->kind != KIND_INVITE))
			continue;

		note_silence(txn);
		txn->muted = true;
	}
}


static void unwanted_add(const char *callid, const char *met,
			 unsigned server)
{
	struct unwanted *unw = mem_zalloc(sizeof(*unw), unwanted_destructor);

	if (!unw)
		return;

	list_append(&unwantedl, &unw->le, unw);
	unw->met    = met;
	unw->server = server;

	if (str_dup(&unw->callid, callid))
		mem_deref(unw);
	else
		tmr_start(&unw->tmr, RESOLVE_MS, forget_handler, unw);
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
void txn_mute(const char *callid, const char *met, unsigned server)
{
	bool seen = false;
	struct le *le;

	for (le = list_head(&txnl); le; le = le->next) {

		struct txn *txn = le->data;

		if (strcmp(txn->callid, callid) || strcmp(txn->met, met))
			continue;

		seen = txn->muted = true;

		if (txn->invite)
			orphan_add(txn->invite, txn->tp, &txn->dst,
				   txn->since);
		txn->invite = mem_deref(txn->invite);
	}

	if (!seen)
		unwanted_add(callid, met, server);
}


/**
 * Forget the transactions of a line
 *
 * @param line Line, about to be freed
 */
void txn_forget(const struct line *line)
{
	struct le *le = list_head(&txnl);

	while (le) {

		struct txn *txn = le->data;

		le = le->next;

		if (txn->line == line)
			mem_deref(txn);
	}
}

/** Forget all transactions; what is kept off the wire stays so */
void txn_close(void)
{
	struct le *le;

	/* libre goes on with a de-registration for its 32 s, whether we are
	   there or not, and nobody would renew the binding */
	for (le = list_head(&txnl); le; le = le->next) {

		const struct txn *txn = le->data;

		if (txn->kind == KIND_DEREGISTER && txn->kept)
			mute_linger(txn->branch, txn->since + LIFETIME_MS);
	}

	list_flush(&txnl);
	list_flush(&unwantedl);
}
