/**
 * @file wire.c  What goes over the wire for our accounts
 *
 * Baresip sends no event for a refresh or a retransmission, and nobody hears
 * how a de-registration by libre's destructor has ended. So each message is
 * seen here and handed to the files that need it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "bye.h"
#include "certificate.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "dialog.h"
#include "evidence.h"
#include "filter.h"
#include "glance.h"
#include "inject.h"
#include "invite.h"
#include "line.h"
#include "lookup.h"
#include "offer.h"
#include "orphan.h"
#include "packet.h"
#include "plain.h"
#include "presence.h"
#include "question.h"
#include "registering.h"
#include "request.h"
#include "sent.h"
#include "settings.h"
#include "silence.h"
#include "stall.h"
#include "subscription.h"
#include "target.h"
#include "trace.h"
#include "txn.h"
#include "unwanted.h"
#include "verify.h"
#include "watch.h"
#include "wire.h"
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
	if (!pl_strcmp(&g->met, "INVITE") && !pl_isset(&g->to_tag))
		return KIND_INVITE;

	if (!pl_strcmp(&g->met, "BYE"))
		return KIND_BYE;

	if (dlg && dlg->confirmed && pl_isset(&g->to_tag) &&
	    pl_strcmp(&g->met, "CANCEL"))
		return KIND_DIALOG;

	if (pl_strcmp(&g->met, "REGISTER"))
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


static struct txn *begin(const struct sent *sent, struct dialog *dlg,
			 enum sip_transp tp, const struct sa *dst)
{
	const struct glance *g = &sent->g;
	const struct pl *route = pl_isset(&g->route) ? &g->route : NULL;
	struct line *line = dlg ? dlg->line : line_find_sent(g);
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

	txn->unwanted = stale || unwanted_is(txn);
	silence_watch(txn);

	return txn;
}


/* An address that was found dead is not the first to be tried each time */
static void choose_address(struct txn *txn)
{
	const struct server *srv = line_server(txn->line, txn->server);

	lookup_start(txn->line, txn->server);

	if (txn->tp == SIP_TRANSP_UDP && withhold_is_ready(&txn->dst) &&
	    target_is_avoided(srv, &txn->dst, clock_ms()))
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


/* Of what is unwanted: over UDP our helper keeps it back. Over a connection
   the trace does. */
static bool is_kept_back(struct txn *txn, struct sent *sent,
			 const struct sa *dst)
{
	if (txn->tp == SIP_TRANSP_UDP)
		return withhold_is_ready(dst);

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
	else if (txn->kind == KIND_OTHER && !strcmp(txn->met, "REGISTER")) {
		contact_sent(txn->line, g, false);
	}
	else if (txn->kind == KIND_INVITE && !txn->unwanted) {
		invite_sent(txn->line, &g->callid, again);
	}
	else if (!again && !strcmp(txn->met, "SUBSCRIBE") &&
		 sent_message(sent)) {
		subscription_sent(txn->line, txn->server, sent->msg);
	}

	if (txn->kind == KIND_DIALOG && !strcmp(txn->met, "INVITE"))
		offer_sent(&g->callid);
}


/* Returns true if it is to be kept off the wire */
static bool request_sent(struct sent *sent, enum sip_transp tp,
			 const struct sa *dst)
{
	const struct glance *g = &sent->g;
	struct dialog *dlg;
	struct txn *txn;
	bool again;

	if (txn_is_passing() || question_is(&g->callid))
		return false;

	dlg = dialog_find_sent(g);

	if (!pl_strcmp(&g->met, "ACK"))
		return ack_sent(sent, dlg, tp, dst);

	txn = txn_find(&g->branch, &g->met);
	again = txn != NULL;

	if (!txn)
		txn = begin(sent, dlg, tp, dst);

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


/* What an answer tells of the address that it is from. A Retry-After counts
   for the server only if no address of its name is left. It may be followed by
   a comment and parameters (RFC 3261 section 20.33). */
static void learn_health(const struct txn *txn, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);
	struct server *srv = &txn->line->serverv[txn->server - 1];
	const uint64_t now = clock_ms();
	struct pl s;

	if (msg->scode != 503) {
		target_answered(srv, &txn->dst);
		return;
	}

	target_failed(srv, &txn->dst, false, now);

	if (hdr && !target_is_left(srv, now) &&
	    !re_regex(hdr->val.p, hdr->val.l, "[0-9]+", &s))
		evidence_retry_after(txn->line, txn->server, pl_u32(&s));
}


static bool is_connected(const struct sip_msg *msg)
{
	return msg->scode >= 200 && msg->scode < 300 &&
		!pl_strcmp(&msg->cseq.met, "INVITE");
}


static bool is_binding(const struct txn *txn, const struct sip_msg *msg)
{
	return msg->scode >= 200 && msg->scode < 300 &&
		txn->kind != KIND_DEREGISTER && !strcmp(txn->met, "REGISTER");
}


/* What becomes of our own requests is known to who has sent them */
static bool is_doubtful(const struct line *line, const struct sip_msg *msg)
{
	return settings_has_code(&line->set.call_codes, msg->scode) &&
		!request_is_own(&msg->callid);
}


/* A server that was stopped has bound the phone when libre has forgotten that
   it ever asked. And an answer may have lain in the socket before ours. */
static void late_answer(const struct sip_msg *msg)
{
	struct line *line;

	if (!pl_strcmp(&msg->cseq.met, "SUBSCRIBE"))
		subscription_answered(msg);

	if (pl_strcmp(&msg->cseq.met, "REGISTER") || msg->scode < 200 ||
	    msg->scode >= 300)
		return;

	line = line_find_answered(msg);
	if (line) {
		contact_listed(line, msg);
		decide_go_on(line);
	}
}


/* Returns true if it is to be kept from libre */
static bool response_received(struct sip_msg *msg, const struct sa *src)
{
	struct txn *txn = txn_find(&msg->via.branch, &msg->cseq.met);
	struct line *line;
	bool hidden = false;

	if (question_is(&msg->callid))
		return false;

	if (!txn && within_answer_translate(msg))
		txn = txn_find(&msg->via.branch, &msg->cseq.met);

	if (is_connected(msg))
		orphan_connected(msg);

	if (!txn || txn->ended) {
		late_answer(msg);
		return false;
	}

	/* that answer was ours */
	if (txn->kind == KIND_DEREGISTER && txn->withheld) {
		mem_deref(txn);
		return false;
	}

	line = txn->line;
	txn_answered(txn);

	learn_health(txn, msg);

	if (txn->kind == KIND_INVITE) {
		if (is_connected(msg))
			dialog_connected(line, txn->server, msg);
		invite_answered(line, msg, &txn->dst);
	}
	else if (txn->kind == KIND_BYE)
		bye_answered(msg, &txn->dst);
	else if (txn->kind == KIND_DIALOG)
		hidden = within_answer(txn, msg, src);

	if (msg->scode < 200)
		return hidden;

	if (!strcmp(txn->met, "SUBSCRIBE"))
		subscription_answered(msg);

	if (is_binding(txn, msg))
		watch_begin(line, txn->server, txn->tp, &txn->dst);

	switch (txn->kind) {

	case KIND_REGISTER:
		registering_answered(line, txn->server, txn->since, msg);
		if (msg->scode < 300) {
			if (txn->server == line->client)
				presence_registered(line, txn->server);
			contact_listed(line, msg);
		}
		mem_deref(txn);
		break;

	case KIND_DEREGISTER:
		mem_deref(txn);
		if (msg->scode < 300)
			registering_undone(line);
		break;

	case KIND_OTHER:
		if (is_doubtful(line, msg))
			evidence_doubted(line, txn->server, txn->since);
		mem_deref(txn);
		break;

	case KIND_INVITE:
	case KIND_BYE:
		mem_deref(txn);
		break;

	case KIND_DIALOG:            /* it may be sent or answered again */
		break;
	}

	return hidden;
}


static void request_received(const struct sip_msg *msg, enum sip_transp tp,
			     const struct sa *src)
{
	struct line *line;

	if (!pl_strcmp(&msg->met, "BYE")) {
		bye_received(msg);
		return;
	}

	if (!pl_strcmp(&msg->met, "NOTIFY")) {
		subscription_notified(msg);
		return;
	}

	if (pl_strcmp(&msg->met, "INVITE") || pl_isset(&msg->to.tag))
		return;

	line = line_find_called(msg);
	if (line)
		dialog_invited(line, msg, tp, src);
}


/* Nothing is sent to a server whose certificate cannot be verified. No request
   was sent, so this is not a failure to answer: the server cannot be used. */
static void refuse_tls(const struct glance *g, const struct sa *dst)
{
	struct line *line = g->req ? line_find_sent(g) : NULL;
	unsigned server;

	if (!line)
		return;

	server = line_server_of(line, line->client,
				pl_isset(&g->route) ? &g->route : NULL,
				SIP_TRANSP_TLS, dst);
	if (server)
		evidence_failed(line, server, EVIDENCE_ERROR, clock_ms(),
				"its certificate cannot be verified");
}


static void answer_sent(const struct glance *g)
{
	if (g->scode >= 200 && !pl_strcmp(&g->met, "INVITE"))
		dialog_accepted(g);
}


/* Answers to strangers above all */
static bool is_of_no_concern(const char *p, size_t len)
{
	return dialog_is_accepting() ? glance_is_provisional(p, len) :
		glance_is_answer(p, len);
}


static bool sent_handler(enum sip_transp tp, const struct sa *dst,
			 const uint8_t *pkt, size_t len)
{
	const bool refused = tp == SIP_TRANSP_TLS && certificate_is_blind() &&
		verify_is_wanted();
	struct sent sent;
	bool kept = refused;

	if (!refused && is_of_no_concern((const char *)pkt, len))
		return false;

	if (!sent_read(&sent, pkt, len))
		return refused;

	if (refused)
		refuse_tls(&sent.g, dst);
	else if (sent.g.req)
		kept = request_sent(&sent, tp, dst);
	else
		answer_sent(&sent.g);

	sent_reset(&sent);

	return kept;
}


static bool received_handler(enum sip_transp tp, const struct sa *src,
			     struct sip_msg *msg)
{
	stall_heard(tp, src);

	if (!msg->req)
		return response_received(msg, src);

	filter_received(msg, src);
	request_received(msg, tp, src);

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

	packet_open();

	err = trace_open(sent_handler, received_handler);
	if (err)
		return err;

	/* without it a de-registration is sent, and the binding renewed */
	if (withhold_open(unwanted_withhold))
		info("failover: cannot keep back what libre sends\n");

	return 0;
}


/** Watch no more */
void wire_close(void)
{
	trace_close();
	packet_close();
	withhold_close();
	txn_close();
	orphan_close();
	filter_close();
}
