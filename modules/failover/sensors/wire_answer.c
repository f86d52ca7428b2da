/**
 * @file wire_answer.c  Answers to requests of our accounts
 *
 * Each is handed to who has waited for it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "bye.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "dialog.h"
#include "evidence.h"
#include "invite.h"
#include "line.h"
#include "line_find.h"
#include "orphan.h"
#include "plain.h"
#include "presence.h"
#include "question.h"
#include "registering.h"
#include "request.h"
#include "settings.h"
#include "silence.h"
#include "subscription.h"
#include "target.h"
#include "txn.h"
#include "watch.h"
#include "wire_answer.h"
#include "within_answer.h"


/* What an answer tells of the address that it is from. A Retry-After counts
   for the server only if no address of its name is left. It may be followed by
   a comment and parameters (RFC 3261 section 20.33). */
static void learn_health(const struct txn *txn, const struct sip_msg *msg)
{
	struct server *srv = &txn->line->serverv[txn->server - 1];
	const struct sip_hdr *hdr;
	uint64_t now;
	struct pl s;

	if (msg->scode != 503) {
		srv->alive = MAX(srv->alive, txn->since);
		target_answered(srv, &txn->dst);
		return;
	}

	now = clock_ms();
	target_failed(srv, &txn->dst, false, now);

	hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);
	if (hdr && !target_is_left(srv, now) &&
	    !re_regex(hdr->val.p, hdr->val.l, "[0-9]+", &s))
		evidence_retry_after(txn->line, txn->server, pl_u32(&s));
}


static bool is_connected(const struct sip_msg *msg)
{
	return msg->scode >= 200 && msg->scode < 300 &&
		plain_is(&msg->cseq.met, "INVITE");
}


static bool is_binding(const struct txn *txn, const struct sip_msg *msg)
{
	return msg->scode >= 200 && msg->scode < 300 &&
		txn->kind != KIND_DEREGISTER &&
		plain_is(&msg->cseq.met, "REGISTER");
}


/* What becomes of our own requests is known to who has sent them */
static bool is_doubtful(const struct line *line, const struct sip_msg *msg)
{
	return settings_has_code(&line->set.call_codes, msg->scode) &&
		!request_is_own(&msg->callid);
}


/* A server that was stopped has bound the phone when libre has forgotten that
   it ever asked. And an answer may have lain in the socket before ours. A
   de-registration that the network has doubled, or that was retransmitted to a
   server without transactions, is handled again. It has another Call-ID than
   the binding made since, and removes that as well (RFC 3261 section 10.3). */
static void late_answer(const struct txn *txn, const struct sip_msg *msg)
{
	struct line *line;

	if (plain_is(&msg->cseq.met, "SUBSCRIBE"))
		subscription_answered(msg);

	if (!plain_is(&msg->cseq.met, "REGISTER") || msg->scode < 200 ||
	    msg->scode >= 300)
		return;

	if (txn && txn->kind == KIND_DEREGISTER) {
		registering_undone(txn->line);
		return;
	}

	line = line_find_answered(msg);
	if (line) {
		contact_listed(line, msg);
		decide_go_on(line);
	}
}


/**
 * A response has been received
 *
 * @param msg Response
 * @param src Where it is from
 *
 * @return True if it is to be kept from libre
 */
bool wire_answer_received(struct sip_msg *msg, const struct sa *src)
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
		late_answer(txn, msg);
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

	if (plain_is(&msg->cseq.met, "SUBSCRIBE"))
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
		silence_unregistered(txn);
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
