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
#include "invite.h"
#include "line.h"
#include "lookup.h"
#include "offer.h"
#include "orphan.h"
#include "packet.h"
#include "presence.h"
#include "question.h"
#include "registering.h"
#include "request.h"
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


/* A removal of ours: of a Contact that is the account's no more */
static bool is_old_contact(const struct line *line, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	const char *contact = contact_in_use(line);
	struct sip_addr addr;

	return request_is_own(&msg->callid) && contact && hdr &&
		!sip_addr_decode(&addr, &hdr->val) &&
		pl_strcmp(&addr.auri, contact);
}


static enum kind kind_of(const struct line *line, const struct dialog *dlg,
			 const struct sip_msg *msg)
{
	if (!pl_strcmp(&msg->met, "INVITE") && !pl_isset(&msg->to.tag))
		return KIND_INVITE;

	if (!pl_strcmp(&msg->met, "BYE"))
		return KIND_BYE;

	if (dlg && dlg->confirmed && pl_isset(&msg->to.tag) &&
	    pl_strcmp(&msg->met, "CANCEL"))
		return KIND_DIALOG;

	if (pl_strcmp(&msg->met, "REGISTER"))
		return KIND_OTHER;

	if (is_deregister(msg) && !is_old_contact(line, msg))
		return KIND_DEREGISTER;

	return request_is_own(&msg->callid) ? KIND_OTHER : KIND_REGISTER;
}


/* A REGISTER that has waited for its name to be resolved, of a registration
   that Baresip has dropped: those of the present one go by its server's URI.
   Where a name stands for several servers the two may go to the same one. */
static bool is_stale(const struct line *line, enum kind kind,
		     const struct sip_hdr *route)
{
	const struct server *srv;

	if (kind != KIND_REGISTER || !line->client)
		return false;

	srv = line_server(line, line->client);

	return srv->srv && !(route && server_is_route(srv, &route->val));
}


static struct txn *begin(struct sip_msg *msg, enum sip_transp tp,
			 const struct sa *dst)
{
	const struct sip_hdr *route = sip_msg_hdr(msg, SIP_HDR_ROUTE);
	struct dialog *dlg = dialog_find(msg, true);
	struct line *line = dlg ? dlg->line : line_find_request(msg);
	enum kind kind;
	unsigned server;
	struct txn *txn;
	bool stale;

	if (!line)
		return NULL;

	server = line_server_of(line, dlg ? dlg->server : line->client,
				route ? &route->val : NULL, tp, dst);
	kind   = kind_of(line, dlg, msg);
	if (dlg && dlg->confirmed)
		dlg->server = server;

	stale  = is_stale(line, kind, route);

	/* from a server that was taken away: others may share its location
	   table */
	if (!server && (kind == KIND_DEREGISTER || stale))
		server = line->client;
	if (!server)
		return NULL;

	txn = txn_alloc(line, server, kind, msg, tp, dst);
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


/* Of what is unwanted: over UDP our helper keeps it back. Over a connection
   the trace does, which is for a de-registration from the very server that
   the account registers with anew: the new REGISTER goes the same way. */
static bool is_kept_back(struct txn *txn, const struct sa *dst)
{
	if (txn->tp == SIP_TRANSP_UDP)
		return withhold_is_ready(dst);

	txn->withheld = txn->kind == KIND_DEREGISTER &&
		txn->server == txn->line->client;

	return txn->withheld;
}


/* The first request of an outgoing call's dialog */
static bool ack_sent(const struct sip_msg *msg, enum sip_transp tp,
		     const struct sa *dst)
{
	struct dialog *dlg = dialog_find(msg, true);

	if (within_answer_ack_sent(msg, tp))
		return true;

	if (dlg)
		dialog_hop_seen(dlg, tp, dst);

	return false;
}


/* Returns true if it is to be kept off the wire */
static bool request_sent(struct sip_msg *msg, enum sip_transp tp,
			 const struct sa *dst)
{
	struct txn *txn;
	bool again, withheld = false;

	if (txn_is_passing() || question_is(&msg->callid))
		return false;

	if (!pl_strcmp(&msg->met, "ACK"))
		return ack_sent(msg, tp, dst);

	txn = txn_find(msg);
	again = txn != NULL;

	if (!txn)
		txn = begin(msg, tp, dst);

	if (!txn || !txn->unwanted)
		bye_sent(msg, txn != NULL, again);

	if (!txn)
		return false;

	if (!again && txn->kind != KIND_DEREGISTER)
		choose_address(txn);

	/* libre will hear that it cannot be sent */
	if (txn->refused && !txn->unwanted && withhold_is_ready(dst))
		return true;

	++txn->sends;

	if (txn->kind == KIND_REGISTER && !txn->unwanted) {
		contact_sent(txn->line, msg, true);
		registering_sent(txn->line, txn->server, txn->since, again);
	}
	else if (txn->kind == KIND_OTHER && !strcmp(txn->met, "REGISTER")) {
		contact_sent(txn->line, msg, false);
	}
	else if (txn->kind == KIND_INVITE && !txn->unwanted) {
		invite_sent(txn->line, &msg->callid, again);
	}
	else if (!again && !strcmp(txn->met, "SUBSCRIBE")) {
		subscription_sent(txn->line, txn->server, msg);
	}

	if (txn->kind == KIND_DIALOG && !strcmp(txn->met, "INVITE"))
		offer_sent(msg);

	if (txn->kind == KIND_DIALOG)
		withheld = within_sent(txn, msg, tp, again);

	if (withheld)
		return true;

	if (txn->unwanted)
		return is_kept_back(txn, dst);

	return false;
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
   it ever asked */
static void late_answer(const struct sip_msg *msg)
{
	struct line *line;

	if (pl_strcmp(&msg->cseq.met, "REGISTER") || msg->scode < 200 ||
	    msg->scode >= 300)
		return;

	line = line_find_request(msg);
	if (line) {
		contact_listed(line, msg);
		decide_go_on(line);
	}
}


/* Returns true if it is to be kept from libre */
static bool response_received(struct sip_msg *msg, const struct sa *src)
{
	struct txn *txn = txn_find(msg);
	struct line *line;
	bool hidden = false;

	if (question_is(&msg->callid))
		return false;

	if (!txn && within_answer_translate(msg))
		txn = txn_find(msg);

	if (is_connected(msg))
		orphan_connected(msg);

	if (!txn) {
		late_answer(msg);
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
static void refuse_tls(struct sip_msg *msg, const struct sa *dst)
{
	const struct sip_hdr *route = sip_msg_hdr(msg, SIP_HDR_ROUTE);
	struct line *line = msg->req ? line_find_request(msg) : NULL;
	unsigned server;

	if (!line)
		return;

	server = line_server_of(line, line->client,
				route ? &route->val : NULL, SIP_TRANSP_TLS,
				dst);
	if (server)
		evidence_failed(line, server, EVIDENCE_ERROR, clock_ms(),
				"its certificate cannot be verified");
}


static bool trace_handler(bool tx, enum sip_transp tp, const struct sa *peer,
			  struct sip_msg *msg)
{
	if (tx && tp == SIP_TRANSP_TLS && certificate_is_blind() &&
	    verify_is_wanted()) {
		refuse_tls(msg, peer);
		return true;
	}

	if (tx && msg->req)
		return request_sent(msg, tp, peer);

	if (!tx)
		stall_heard(tp, peer);

	if (tx) {
		if (msg->scode >= 200 && !pl_strcmp(&msg->cseq.met, "INVITE"))
			dialog_accepted(msg);
	}
	else if (msg->req) {
		filter_received(msg, peer);
		request_received(msg, tp, peer);
	}
	else {
		return response_received(msg, peer);
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

	packet_open();

	err = trace_open(trace_handler);
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
