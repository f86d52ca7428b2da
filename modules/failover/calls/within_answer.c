/**
 * @file within_answer.c  What a request within a dialog is answered
 *
 * The answer of another server is libre's like any other, with exceptions:
 *
 * - libre's ACK would go to the server that was left, so ours goes out.
 * - A challenge is answered here: of the same realm as an earlier one, libre
 *   would take it for a wrong password.
 * - libre ends the call on 408 and 481. Only the dialog's own server knows
 *   whether they are true. Those of another one are kept from libre until it
 *   is known whether media flows.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "decide.h"
#include "detour.h"
#include "dialog.h"
#include "evidence.h"
#include "inject.h"
#include "line.h"
#include "media.h"
#include "report.h"
#include "sent.h"
#include "settings.h"
#include "txn.h"
#include "unwanted.h"
#include "within.h"
#include "within_answer.h"


enum {
	LISTEN_MS = 1000,            /**< Is there media?                    */
	HEARD_MS  = 2000,            /**< ... or was, before it was sent     */
	MAX_TRIES = 4,               /**< Challenges answered, then enough   */
	DIALOG_UNKNOWN = 481,
};


/* Tell of a call that its new server does not know */
static void listened_handler(void *arg)
{
	struct within *w = arg;
	const struct dialog *dlg = dialog_find(w->msg, true);
	const bool kept = dlg && media_flows(dlg->media, w->since - HEARD_MS);

	report_dialog_unknown(w->line, w->att.server, w->met,
			      &w->msg->callid, &w->msg->to.uri, kept);

	if (kept)
		within_refuse(w, "Call is not known there");
	else
		(void)inject_response(w->msg, DIALOG_UNKNOWN,
				      "Call/Transaction Does Not Exist");
	within_end(w);
}


static void listen_for_media(struct within *w)
{
	attempt_stop(&w->att);
	timer_cancel(&w->tmr_again);
	timer_cancel(&w->tmr_end);
	w->state   = WITHIN_LISTENING;
	timer_start(&w->tmr, LISTEN_MS, listened_handler, w);
}


/* An answer of the dialog's own server that libre does not get */
static void acknowledge_refusal(struct within *w, const struct sip_msg *msg)
{
	struct mbuf *pkt;

	if (strcmp(w->met, "INVITE") || msg->scode < 300 ||
	    detour_print_refusal_ack(&pkt, w->msg, msg))
		return;

	txn_set_passing(true);
	(void)sip_send(uag_sip(), NULL, w->msg->via.tp, &w->dst, pkt);
	txn_set_passing(false);
	mem_deref(pkt);
}


/* libre's would go to the server that is left, or nowhere */
static void acknowledge(struct within *w, const struct sip_msg *msg)
{
	const struct dialog *dlg = dialog_find(w->msg, true);

	if (strcmp(w->met, "INVITE") || msg->scode < 200 || !dlg)
		return;

	if (!w->detoured) {
		acknowledge_refusal(w, msg);
		return;
	}

	if (!w->ack && detour_print_ack(&w->ack, &w->det, dlg, w->att.server,
					w->msg, msg))
		return;

	(void)within_send(w, w->ack);
}


/* "Server unavailable": the far end has not heard of it */
static bool is_unavailable(struct within *w, const struct sip_msg *msg)
{
	struct line *line = w->line;

	if (!attempt_is_listed(&w->att, msg))
		return false;

	if (w->state == WITHIN_SENT)
		acknowledge_refusal(w, msg);

	within_give_up(w);
	attempt_refused(&w->att, msg);
	evidence_wanted_now(line);
	decide_go_on(line);

	return true;
}


/* libre does, to another address of the server's name */
static bool goes_on(struct within *w, const struct txn *txn,
		    const struct sip_msg *msg)
{
	return w->state == WITHIN_SENT && msg->scode == 503 &&
		evidence_goes_on(w->line, txn->server, &txn->dst);
}


/* Its answer is a transaction of its own: within_answer_translate() */
static bool answer_challenge(struct within *w, const struct sip_msg *msg)
{
	struct dialog *dlg = dialog_find(w->msg, true);

	if (!attempt_is_challenge(msg) || !dlg ||
	    ++w->challenges >= MAX_TRIES)
		return false;

	/* the call was moved for good, as B2BUAs have it */
	if (w->state == WITHIN_SENT) {

		if (!dlg->moved || within_begin_detour(w, dlg, w->att.server))
			return false;

		acknowledge_refusal(w, msg);
	}

	if (!w->det.auth && sip_auth_alloc(&w->det.auth, line_auth_handler,
					   w->line->acc, true))
		return false;

	if (sip_auth_authenticate(w->det.auth, msg))
		return false;

	(void)re_snprintf(w->det.branch, sizeof(w->det.branch),
			  "z9hG4bK%016llx", rand_u64());

	w->ack = mem_deref(w->ack);

	return !within_send_detour(w, dlg, w->att.server);
}


static void refresh(struct within *w, const struct sip_msg *msg)
{
	struct dialog *dlg = dialog_find(w->msg, true);

	if (dlg && (!strcmp(w->met, "INVITE") || !strcmp(w->met, "UPDATE")))
		dialog_refreshed(dlg, w->att.server, msg);
}


/* libre gets it */
static void finish(struct within *w, const struct sip_msg *msg, bool moved)
{
	if (msg->scode < 300)
		refresh(w, msg);

	if (moved) {
		++w->line->requests_moved;
		report_request_moved(w->line, w->att.server, w->met, msg);
	}

	within_end(w);
}


static bool final_answer(struct within *w, const struct txn *txn,
			 const struct sip_msg *msg)
{
	const bool detoured = w->state == WITHIN_DETOUR;

	if (detoured)
		acknowledge(w, msg);

	if (answer_challenge(w, msg))
		return true;

	if (detoured && (msg->scode == 408 || msg->scode == DIALOG_UNKNOWN)) {
		listen_for_media(w);
		return true;
	}

	if (!goes_on(w, txn, msg) && is_unavailable(w, msg))
		return true;

	finish(w, msg, detoured);

	return false;
}


/**
 * An answer may be to a request of ours that stands for one of libre's: give
 * it the branch of that
 *
 * @param msg Answer received, is changed
 *
 * @return True if it was one
 */
bool within_answer_translate(struct sip_msg *msg)
{
	struct le *le;

	for (le = list_head(within_list()); le; le = le->next) {

		struct within *w = le->data;

		if (!w->det.branch[0] ||
		    pl_strcmp(&msg->via.branch, w->det.branch) ||
		    str_len(w->branch) != msg->via.branch.l)
			continue;

		memcpy((char *)(uintptr_t)msg->via.branch.p, w->branch,
		       msg->via.branch.l);
		return true;
	}

	return false;
}


/**
 * A request within a dialog has an answer
 *
 * @param txn Its transaction
 * @param msg Answer
 * @param src Where it comes from
 *
 * @return True if it is to be kept from libre
 */
bool within_answer(struct txn *txn, const struct sip_msg *msg,
		   const struct sa *src)
{
	struct within *w = within_find(&msg->via.branch, txn->met);

	if (!w)
		return false;

	/* a late answer of the server that was left: only a 2xx counts */
	if (w->state != WITHIN_SENT && sa_cmp(src, &w->dst, SA_ALL) &&
	    (w->state != WITHIN_ANSWERED || w->detoured) &&
	    (msg->scode < 200 || msg->scode >= 300)) {
		acknowledge_refusal(w, msg);
		return true;
	}

	switch (w->state) {

	case WITHIN_SENT:
	case WITHIN_DETOUR:
		if (msg->scode >= 200)
			return final_answer(w, txn, msg);

		attempt_stop(&w->att);
		timer_cancel(&w->tmr_again);
		return false;

	case WITHIN_LISTENING:
		acknowledge(w, msg);
		return true;

	case WITHIN_ANSWERED:
		if (w->detoured)
			acknowledge(w, msg);
		return false;

	case WITHIN_WAITING:
	default:
		/* late, but not too late */
		if (msg->scode >= 200 && msg->scode < 300) {
			if (w->detoured)
				acknowledge(w, msg);
			finish(w, msg, w->detoured);
		}
		return msg->scode >= 300;
	}
}


/* The INVITE that an ACK is for, if it has gone through another server */
static struct within *find_invite(const struct sip_msg *ack)
{
	struct le *le;

	for (le = list_head(within_list()); le; le = le->next) {

		struct within *w = le->data;

		if (w->detoured && !strcmp(w->met, "INVITE") &&
		    w->msg->cseq.num == ack->cseq.num &&
		    !pl_cmp(&w->msg->callid, &ack->callid) &&
		    !pl_cmp(&w->msg->from.tag, &ack->from.tag))
			return w;
	}

	return NULL;
}


/**
 * An ACK is on the wire. Where its INVITE has gone through another server,
 * that one has its ACK from us; but an answer to an offer in the 2xx is in
 * libre's.
 *
 * @param sent ACK, as libre sends it
 * @param tp   Transport
 *
 * @return True if it is withheld
 */
bool within_answer_ack_sent(struct sent *sent, enum sip_transp tp)
{
	const struct sip_msg *msg = list_isempty(within_list()) ? NULL :
		sent_message(sent);
	const struct dialog *dlg;
	struct within *w;
	struct mbuf *pkt;

	if (!msg)
		return false;

	dlg = dialog_find(msg, true);
	w   = find_invite(msg);
	if (!w || !dlg)
		return false;

	if (!mbuf_get_left(w->msg->mb) &&
	    !detour_print(&pkt, &w->det, dlg, w->att.server, msg)) {
		(void)within_send(w, pkt);
		mem_deref(pkt);
	}

	if (tp == SIP_TRANSP_UDP)
		unwanted_add_branch(&msg->via.branch);

	return within_can_withhold(w, tp);
}
