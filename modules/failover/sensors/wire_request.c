/**
 * @file wire_request.c  Requests of our accounts that are about to be sent
 *
 * Each becomes a transaction, and who follows it is told. What was given up is
 * kept off the wire.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "bye.h"
#include "clock.h"
#include "contact.h"
#include "dialog.h"
#include "inject.h"
#include "invite.h"
#include "line.h"
#include "line_find.h"
#include "lookup.h"
#include "offer.h"
#include "plain.h"
#include "question.h"
#include "registering.h"
#include "request.h"
#include "sent.h"
#include "silence.h"
#include "subscription.h"
#include "target.h"
#include "txn.h"
#include "unwanted.h"
#include "wire_request.h"
#include "withhold.h"
#include "within.h"
#include "within_answer.h"


/* RFC 3261 section 10.2.2 */
static bool is_deregister(const struct glance *g)
{
	struct sip_addr addr;
	struct pl val;

	if (!pl_isset(&g->contact))
		return false;

	if (!plain_address_param(&val, &g->contact, "expires")) {

		if (sip_addr_decode(&addr, &g->contact))
			return false;

		(void)msg_param_decode(&addr.params, "expires", &val);
	}

	if (pl_isset(&val))
		return pl_u32(&val) == 0;

	return pl_isset(&g->expires) && pl_u32(&g->expires) == 0;
}


/* A removal of ours: of a Contact that is the account's no more */
static bool is_old_contact(const struct line *line, const struct glance *g)
{
	const char *contact = contact_in_use(line);
	struct sip_addr addr;

	return request_is_own(&g->callid) && contact &&
		pl_isset(&g->contact) &&
		!sip_addr_decode(&addr, &g->contact) &&
		pl_strcmp(&addr.auri, contact);
}


static enum kind kind_of(const struct line *line, const struct dialog *dlg,
			 const struct glance *g)
{
	if (plain_is(&g->met, "INVITE") && !pl_isset(&g->to_tag))
		return KIND_INVITE;

	if (plain_is(&g->met, "BYE"))
		return KIND_BYE;

	if (dlg && dlg->confirmed && pl_isset(&g->to_tag) &&
	    !plain_is(&g->met, "CANCEL"))
		return KIND_DIALOG;

	if (!plain_is(&g->met, "REGISTER"))
		return KIND_OTHER;

	if (!contact_is_known(line, &g->contact) && is_deregister(g) &&
	    !is_old_contact(line, g))
		return KIND_DEREGISTER;

	return request_is_own(&g->callid) ? KIND_OTHER : KIND_REGISTER;
}


/* A REGISTER that has waited for its name to be resolved, of a registration
   that Baresip has dropped: those of the present one go by its server's URI.
   Where a name stands for several servers the two may go to the same one. */
static bool is_stale(const struct line *line, enum kind kind,
		     const struct pl *route)
{
	const struct server *srv;

	if (kind != KIND_REGISTER || !line->client)
		return false;

	srv = line_server(line, line->client);

	return srv->srv && !(route && server_is_route(srv, route));
}


/* `known`: the line, if the Call-ID has told */
static struct txn *begin(const struct sent *sent, struct line *known,
			 struct dialog *dlg, enum sip_transp tp,
			 const struct sa *dst)
{
	const struct glance *g = &sent->g;
	struct line *line = known ? known : dlg ? dlg->line :
		line_find_sent(g);
	const struct pl *route = pl_isset(&g->route) ? &g->route : NULL;
	enum kind kind;
	unsigned server;
	struct txn *txn;
	bool stale;

	if (!line)
		return NULL;

	server = line_server_of(line, dlg ? dlg->server : line->client, route,
				tp, dst);
	kind   = kind_of(line, dlg, g);
	if (dlg && dlg->confirmed)
		dlg->server = server;

	stale = is_stale(line, kind, route);

	/* from a server that was taken away: others may share its location
	   table */
	if (!server && (kind == KIND_DEREGISTER || stale))
		server = line->client;
	if (!server)
		return NULL;

	txn = txn_alloc(line, server, kind, sent, tp, dst);
	if (!txn)
		return NULL;

	if (kind == KIND_REGISTER && !known)
		line_find_set_callid(line, &g->callid);

	txn->unwanted = stale || unwanted_is(txn);
	silence_watch(txn);

	return txn;
}


/* An address that was found dead is not the first to be tried each time */
static void choose_address(struct txn *txn)
{
	const struct server *srv = line_server(txn->line, txn->server);

	lookup_start(txn->line, txn->server);

	if (txn->tp == SIP_TRANSP_UDP && srv->targetc &&
	    target_is_avoided(srv, &txn->dst, clock_ms()) &&
	    withhold_is_ready(&txn->dst))
		unwanted_pass_over(txn);
}


/* A server that is slow, or stopped, handles a de-registration when it has
   another binding to remove: that is kept back. Where the Contact names the
   connection, the one of another server is to go. libre is told that the
   request was answered: it would wait for 64*T1, and Baresip with it when it
   quits. */
static bool is_answered_here(const struct txn *txn, struct sent *sent)
{
	struct sip_msg *msg;

	if (txn->kind != KIND_DEREGISTER ||
	    (COMPAT_OWN_PORT && txn->server != txn->line->client))
		return false;

	msg = sent_message(sent);

	return msg && !inject_response(msg, 200, "OK");
}


/* Of what is unwanted: over UDP our helper keeps it back, unless the socket is
   so new that it has none yet. Over a connection the trace does. */
static bool is_kept_back(struct txn *txn, struct sent *sent,
			 const struct sa *dst)
{
	if (txn->tp == SIP_TRANSP_UDP) {

		const bool ready = withhold_is_ready(dst);

		if (!ready) {
			txn->escaped  = true;
			txn->withheld = false;
		}

		return ready;
	}

	txn->withheld = is_answered_here(txn, sent);

	return txn->withheld;
}


/* The first request of an outgoing call's dialog */
static bool ack_sent(struct sent *sent, struct dialog *dlg,
		     enum sip_transp tp, const struct sa *dst)
{
	if (within_answer_ack_sent(sent, tp))
		return true;

	if (dlg)
		dialog_hop_seen(dlg, tp, dst);

	return false;
}


/* Who follows it is told */
static void tell_sent(struct txn *txn, struct sent *sent, bool again)
{
	const struct glance *g = &sent->g;

	if (txn->kind == KIND_REGISTER && !txn->unwanted) {
		contact_sent(txn->line, g, true);
		registering_sent(txn->line, txn->server, txn->since, again);
	}
	else if (txn->kind == KIND_OTHER && plain_is(&g->met, "REGISTER")) {
		contact_sent(txn->line, g, false);
	}
	else if (txn->kind == KIND_DEREGISTER && txn->escaped &&
		 txn->sends == 2) {
		/* no answer so far: it may have been handled, and the answer
		   lost, and no more of it goes out to be answered */
		registering_undone(txn->line);
	}
	else if (txn->kind == KIND_INVITE && !txn->unwanted) {
		invite_sent(txn->line, &g->callid, again);
	}
	else if (!again && plain_is(&g->met, "SUBSCRIBE") &&
		 sent_message(sent)) {
		subscription_sent(txn->line, txn->server, sent->msg);
	}

	if (txn->kind == KIND_DIALOG && plain_is(&g->met, "INVITE"))
		offer_sent(&g->callid);
}


/**
 * A request is about to be sent
 *
 * @param sent Request
 * @param tp   Transport
 * @param dst  Destination
 *
 * @return True if it is to be kept off the wire
 */
bool wire_request_sent(struct sent *sent, enum sip_transp tp,
		       const struct sa *dst)
{
	const struct glance *g = &sent->g;
	struct dialog *dlg;
	struct line *line;
	struct txn *txn;
	bool again;

	if (txn_is_passing() || question_is(&g->callid))
		return false;

	/* a refresh needs no look at the parties */
	line = plain_is(&g->met, "REGISTER") ?
		line_find_callid(&g->callid) : NULL;
	if (!line && !sent_parties(sent))
		return false;

	dlg = line ? NULL : dialog_find_sent(g);

	if (plain_is(&g->met, "ACK"))
		return ack_sent(sent, dlg, tp, dst);

	txn = txn_find(&g->branch, &g->met);
	again = txn != NULL;

	if (!txn)
		txn = begin(sent, line, dlg, tp, dst);

	if (dlg && (!txn || !txn->unwanted))
		bye_sent(dlg, g, txn != NULL, again);

	/* of an account that was let go: see unwanted_keep() */
	if (!txn)
		return unwanted_is_branch(&g->branch);

	if (!again && txn->kind != KIND_DEREGISTER)
		choose_address(txn);

	/* libre will hear that it cannot be sent */
	if (txn->refused && !txn->unwanted && withhold_is_ready(dst))
		return true;

	++txn->sends;
	tell_sent(txn, sent, again);

	if (txn->kind == KIND_DIALOG && within_sent(txn, sent, tp, again))
		return true;

	return txn->unwanted && is_kept_back(txn, sent, dst);
}
