/**
 * @file within.c  Requests within a dialog go on through the next server
 *
 * Hold, resume, transfer, DTMF, and all else that libre sends in a call: a
 * server that is given up has not answered it, or it is down already. Then
 * the same request, with the dead hop exchanged, goes through the server in
 * use. It keeps its branch, so libre takes the answer for its own and goes on
 * as if nothing had been: docs/libre.md. BYE is in bye.c: its session is gone.
 *
 * libre ends a call when a request in it is answered 408 or 481, or runs into
 * its time-out. Of the first two only the dialog's own server knows whether
 * they are true. So such an answer of another server is kept from libre until
 * it is known whether media flows, and the time-out is kept from it by an
 * answer of ours.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "clock.h"
#include "decide.h"
#include "detour.h"
#include "dialog.h"
#include "evidence.h"
#include "inject.h"
#include "line.h"
#include "media.h"
#include "report.h"
#include "schedule.h"
#include "settings.h"
#include "standby.h"
#include "state.h"
#include "txn.h"
#include "unwanted.h"
#include "withhold.h"
#include "within.h"


enum {
	END_MS    = TRANSACTION_MS - 1000,/**< Before libre's time-out       */
	LISTEN_MS = 1000,            /**< Is there media?                    */
	HEARD_MS  = 2000,            /**< ... or was, before it was sent     */
	MAX_TRIES = 4,               /**< Challenges answered, then enough   */
	LATE_MS   = TRANSACTION_MS,  /**< Answers may come again: 64*T1      */
	DIALOG_UNKNOWN = 481,
};

enum within_state {
	WITHIN_SENT,                 /**< To the dialog's own server         */
	WITHIN_WAITING,              /**< For the account to be registered   */
	WITHIN_DETOUR,               /**< Through another server             */
	WITHIN_LISTENING,            /**< 481: does media flow?              */
	WITHIN_ANSWERED,             /**< Kept for what comes again          */
};

/** A request within a dialog */
struct within {
	struct le le;
	struct attempt att;
	struct sa dst;               /**< Where libre sends it               */
	struct line *line;
	struct sip_msg *msg;         /**< As libre has sent it               */
	char *branch;
	char *met;
	enum within_state state;
	bool detoured;               /**< It has gone through another server */
	struct detour det;           /**< ... this way                       */
	struct mbuf *pkt;            /**< ... printed so                     */
	struct mbuf *ack;            /**< ... and its ACK                    */
	struct tmr tmr_again;        /**< UDP: to be sent again              */
	uint32_t again_ms;
	struct tmr tmr;              /**< What the state waits for           */
	struct tmr tmr_end;          /**< libre's time-out is near           */
	unsigned challenges;         /**< Of the present server              */
	uint64_t since;              /**< When libre sent it [ms]            */
};

static struct list withinl;


static void destructor(void *arg)
{
	struct within *w = arg;

	list_unlink(&w->le);
	tmr_cancel(&w->tmr);
	tmr_cancel(&w->tmr_end);
	tmr_cancel(&w->tmr_again);
	attempt_stop(&w->att);
	mem_deref(w->msg);
	mem_deref(w->branch);
	mem_deref(w->met);
	mem_deref(w->pkt);
	mem_deref(w->ack);
	mem_deref(w->det.auth);
}


static struct within *find(const struct pl *branch, const char *met)
{
	struct le *le;

	for (le = list_head(&withinl); le; le = le->next) {

		struct within *w = le->data;

		if (!pl_strcmp(branch, w->branch) && !strcmp(met, w->met))
			return w;
	}

	return NULL;
}


/* The INVITE that an ACK is for, if it has gone through another server */
static struct within *find_invite(const struct sip_msg *ack)
{
	struct le *le;

	for (le = list_head(&withinl); le; le = le->next) {

		struct within *w = le->data;

		if (w->detoured && !strcmp(w->met, "INVITE") &&
		    w->msg->cseq.num == ack->cseq.num &&
		    !pl_cmp(&w->msg->callid, &ack->callid) &&
		    !pl_cmp(&w->msg->from.tag, &ack->from.tag))
			return w;
	}

	return NULL;
}


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


/* libre has its answer. An INVITE's may come again until it is acknowledged */
static void end(struct within *w)
{
	attempt_stop(&w->att);
	tmr_cancel(&w->tmr_again);
	tmr_cancel(&w->tmr_end);
	w->state = WITHIN_ANSWERED;
	tmr_start(&w->tmr, w->detoured ? LATE_MS : 0, forget_handler, w);
}


/* The call goes on: an answer that libre does not end it for */
static void fail(struct within *w)
{
	report_request_failed(w->line, w->met, &w->msg->callid,
			      &w->msg->to.uri);
	(void)inject_response(w->msg, 500, "No server is available");
	end(w);
}


static void end_handler(void *arg)
{
	fail(arg);
}


static void give_up(struct within *w)
{
	attempt_stop(&w->att);
	tmr_cancel(&w->tmr_again);
	w->state = WITHIN_WAITING;
}


static void unanswered_handler(void *arg)
{
	struct within *w = arg;
	struct line *line = w->line;

	give_up(w);
	attempt_unanswered(&w->att);
	evidence_wanted_now(line);
	decide_go_on(line);
}


static int send_packet(struct within *w, struct mbuf *pkt)
{
	int err;

	pkt->pos = 0;

	txn_set_passing(true);
	err = sip_send(uag_sip(), NULL, w->det.tp, &w->det.dst, pkt);
	txn_set_passing(false);

	return err;
}


static void again_handler(void *arg)
{
	struct within *w = arg;

	w->again_ms = MIN(2 * w->again_ms, (uint32_t)T2_MS);
	tmr_start(&w->tmr_again, w->again_ms, again_handler, w);

	++w->att.sends;
	(void)send_packet(w, w->pkt);
}


static int send_detour(struct within *w, struct dialog *dlg, unsigned server)
{
	int err;

	w->pkt = mem_deref(w->pkt);
	err = detour_print(&w->pkt, &w->det, dlg, server, w->msg);
	if (err)
		return err;

	attempt_start(&w->att, server);
	w->state    = WITHIN_DETOUR;
	w->detoured = true;
	w->att.sends = 1;

	if (w->det.tp == SIP_TRANSP_UDP) {
		w->again_ms = T1_MS;
		tmr_start(&w->tmr_again, T1_MS, again_handler, w);
	}

	return send_packet(w, w->pkt);
}


/* Through another server, from now on also for libre's retransmissions */
static int begin_detour(struct within *w, const struct dialog *dlg,
			unsigned server)
{
	struct pl branch;
	struct txn *txn;
	int err;

	w->det.auth = mem_deref(w->det.auth);
	w->det.branch[0] = '\0';
	w->ack = mem_deref(w->ack);
	w->challenges = 0;

	err = detour_find(&w->det, dlg, server);
	if (err)
		return err;

	pl_set_str(&branch, w->branch);
	txn = txn_find_branch(&branch, w->met);
	if (txn)
		txn_detour(txn, server, w->det.tp, &w->det.dst);

	return 0;
}


static int detour(struct within *w, struct dialog *dlg, unsigned server)
{
	const int err = begin_detour(w, dlg, server);

	return err ? err : send_detour(w, dlg, server);
}


static bool is_bound(const struct policy *p)
{
	return standby_is_ahead(p) ||
		(p->state == POLICY_SETTLED &&
		 !policy_waits(p, WAIT_ANSWER));
}


/* On to the server in use */
static void go_on(struct within *w)
{
	struct dialog *dlg = dialog_find(w->msg, true);
	int err;

	if (!dlg) {
		mem_deref(w);        /* hung up meanwhile */
		return;
	}

	err = detour(w, dlg, w->line->policy.target);
	if (!err)
		return;

	/* its connection is on the way */
	if (err == EAGAIN) {
		decide_ask(w->line, w->line->policy.target);
		return;
	}

	info("failover: %s: %s within a call cannot go through server %u"
	     " (%m)\n", line_name(w->line), w->met, w->line->policy.target,
	     err);
	fail(w);
}


static void run(struct within *w)
{
	const struct policy *p = &w->line->policy;

	if ((w->state == WITHIN_SENT || w->state == WITHIN_DETOUR) &&
	    (attempt_is_cut(&w->att) || attempt_is_stranded(&w->att)))
		give_up(w);

	if (w->state != WITHIN_WAITING)
		return;

	if (attempt_is_last(&w->att))
		fail(w);
	else if (is_bound(p) && !attempt_is_tried(&w->att, p->target))
		go_on(w);
	else if (p->state != POLICY_MOVING && p->state != POLICY_OFFLINE &&
		 !policy_waits(p, WAIT_ANSWER))
		fail(w);
}


/**
 * Go on with the requests of a line, after its policy has decided
 *
 * @param line Line
 */
void within_run(struct line *line)
{
	struct le *le = list_head(&withinl);

	while (le) {

		struct within *w = le->data;

		le = le->next;

		if (w->line == line)
			run(w);
	}
}


static struct within *within_alloc(struct txn *txn, struct sip_msg *msg)
{
	struct within *w = mem_zalloc(sizeof(*w), destructor);

	if (!w)
		return NULL;

	list_append(&withinl, &w->le, w);
	tmr_init(&w->tmr);
	tmr_init(&w->tmr_end);
	tmr_init(&w->tmr_again);
	w->line = txn->line;
	w->dst  = txn->dst;
	w->msg  = mem_ref(msg);

	if (str_dup(&w->branch, txn->branch) || str_dup(&w->met, txn->met))
		return mem_deref(w);

	attempt_init(&w->att, txn->line, w->met, unanswered_handler, w);

	return w;
}


/* Over TCP and TLS it can be done always: trace.c */
static bool can_withhold(enum sip_transp tp, const struct sa *dst)
{
	return tp != SIP_TRANSP_UDP || withhold_is_ready(dst);
}


/* The account has left that server, since it is down: do not ask it again */
static bool is_left(const struct txn *txn)
{
	const struct policy *p = &txn->line->policy;

	return p->serverv[txn->server - 1].health == HEALTH_DOWN &&
		p->target != txn->server;
}


/**
 * A request within a dialog is on the wire
 *
 * @param txn   Its transaction
 * @param msg   Request, as libre sends it
 * @param tp    Transport that it does so over
 * @param again True for a retransmission
 *
 * @return True if it is withheld, since it goes through another server
 */
bool within_sent(struct txn *txn, struct sip_msg *msg, enum sip_transp tp,
		 bool again)
{
	struct within *w = find(&msg->via.branch, txn->met);

	if (w) {
		if (again && w->state == WITHIN_SENT &&
		    attempt_is_due(&w->att))
			unanswered_handler(w);
		else if (w->state == WITHIN_SENT)
			++w->att.sends;

		return w->detoured && can_withhold(tp, &w->dst);
	}

	if (again)
		return false;

	w = within_alloc(txn, msg);
	if (!w)
		return false;

	w->since = clock_ms();
	attempt_start(&w->att, txn->server);
	w->att.sends = 1;
	tmr_start(&w->tmr_end, END_MS, end_handler, w);

	if (!is_left(txn))
		return false;

	txn_set_unwanted(txn);
	give_up(w);
	decide_go_on(w->line);

	return can_withhold(tp, &w->dst);
}


/**
 * An ACK is on the wire. Where its INVITE has gone through another server,
 * that one has its ACK from us; but an answer to an offer in the 2xx is in
 * libre's.
 *
 * @param msg ACK, as libre sends it
 * @param tp  Transport
 *
 * @return True if it is withheld
 */
bool within_ack_sent(const struct sip_msg *msg, enum sip_transp tp)
{
	const struct dialog *dlg = dialog_find(msg, true);
	struct within *w = find_invite(msg);
	struct mbuf *pkt;

	if (!w || !dlg)
		return false;

	if (!mbuf_get_left(w->msg->mb) &&
	    !detour_print(&pkt, &w->det, dlg, w->att.server, msg)) {
		(void)send_packet(w, pkt);
		mem_deref(pkt);
	}

	if (tp == SIP_TRANSP_UDP)
		unwanted_add_branch(&msg->via.branch);

	return can_withhold(tp, &w->dst);
}


/* What is said of a call that its new server does not know */
static void listened_handler(void *arg)
{
	struct within *w = arg;
	const struct dialog *dlg = dialog_find(w->msg, true);
	const bool kept = dlg && media_flows(dlg->media, w->since - HEARD_MS);

	report_dialog_unknown(w->line, w->att.server, w->met,
			      &w->msg->callid, &w->msg->to.uri, kept);

	if (kept)
		(void)inject_response(w->msg, 500, "Call is not known there");
	else
		(void)inject_response(w->msg, DIALOG_UNKNOWN,
				      "Call/Transaction Does Not Exist");
	end(w);
}


static void listen_for_media(struct within *w)
{
	attempt_stop(&w->att);
	tmr_cancel(&w->tmr_again);
	tmr_cancel(&w->tmr_end);
	w->state   = WITHIN_LISTENING;
	tmr_start(&w->tmr, LISTEN_MS, listened_handler, w);
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

	(void)send_packet(w, w->ack);
}


/* "Server unavailable": the far end has not heard of it */
static bool is_unavailable(struct within *w, const struct sip_msg *msg)
{
	struct line *line = w->line;

	if (msg->scode < 300 || !codes_has(&line->set.call_codes, msg->scode))
		return false;

	if (w->state == WITHIN_SENT)
		acknowledge_refusal(w, msg);

	give_up(w);
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


static int auth_handler(char **username, char **password, const char *realm,
			void *arg)
{
	return account_auth(arg, username, password, realm);
}


/* libre takes a challenge of another server, of the same realm, for a wrong
   password. The answer is a transaction of its own: within_translate(). */
static bool answer_challenge(struct within *w, const struct sip_msg *msg)
{
	struct dialog *dlg = dialog_find(w->msg, true);

	if ((msg->scode != 401 && msg->scode != 407) || !dlg ||
	    ++w->challenges >= MAX_TRIES)
		return false;

	/* the call was moved for good, as B2BUAs have it */
	if (w->state == WITHIN_SENT) {

		if (!dlg->moved || begin_detour(w, dlg, w->att.server))
			return false;

		acknowledge_refusal(w, msg);
	}

	if (!w->det.auth && sip_auth_alloc(&w->det.auth, auth_handler,
					   w->line->acc, true))
		return false;

	if (sip_auth_authenticate(w->det.auth, msg))
		return false;

	(void)re_snprintf(w->det.branch, sizeof(w->det.branch),
			  "z9hG4bK%016llx", rand_u64());

	w->ack = mem_deref(w->ack);

	return !send_detour(w, dlg, w->att.server);
}


static void refresh(struct within *w, const struct sip_msg *msg)
{
	struct dialog *dlg = dialog_find(w->msg, true);

	if (dlg && (!strcmp(w->met, "INVITE") || !strcmp(w->met, "UPDATE")))
		dialog_refreshed(dlg, w->att.server, msg);
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

	if (msg->scode < 300)
		refresh(w, msg);

	if (detoured) {
		++w->line->requests_moved;
		report_request_moved(w->line, w->att.server, w->met, msg);
	}

	end(w);

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
bool within_translate(struct sip_msg *msg)
{
	struct le *le;

	for (le = list_head(&withinl); le; le = le->next) {

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
bool within_answered(struct txn *txn, const struct sip_msg *msg,
		     const struct sa *src)
{
	struct within *w = find(&msg->via.branch, txn->met);

	if (!w)
		return false;

	/* late, of the server that was left: good news alone count */
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
		tmr_cancel(&w->tmr_again);
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
		return msg->scode >= 300;
	}
}


/**
 * Let go of the requests of a line
 *
 * @param line Line, about to be freed
 */
void within_forget(const struct line *line)
{
	struct le *le = list_head(&withinl);

	while (le) {

		struct within *w = le->data;

		le = le->next;

		if (w->line == line)
			mem_deref(w);
	}
}
