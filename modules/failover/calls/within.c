/**
 * @file within.c  Requests within a dialog go on through the next server
 *
 * Hold, resume, transfer, DTMF, and all else that libre sends in a call: if
 * its server is down, or is given up before it has answered, the same request
 * with the dead hop exchanged goes through the server in use. It keeps its
 * branch, so libre takes the answer for its own: docs/libre.md. What is
 * answered is in within_answer.c. BYE is in bye.c: its session has ended.
 *
 * libre ends a call when a request in it runs into its time-out. An answer of
 * ours comes before that.
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
#include "index.h"
#include "inject.h"
#include "line.h"
#include "report.h"
#include "schedule.h"
#include "sent.h"
#include "state.h"
#include "txn.h"
#include "withhold.h"
#include "within.h"


enum {
	END_MS  = TRANSACTION_MS - 1000,  /**< Before libre's time-out       */
	LATE_MS = TRANSACTION_MS,    /**< Answers may come again: 64*T1      */
};

static struct list withinl;
static struct index by_branch;


static void destructor(void *arg)
{
	struct within *w = arg;

	list_unlink(&w->le);
	list_unlink(&w->he);
	timer_cancel(&w->tmr);
	timer_cancel(&w->tmr_end);
	timer_cancel(&w->tmr_again);
	attempt_stop(&w->att);
	mem_deref(w->msg);
	mem_deref(w->branch);
	mem_deref(w->met);
	mem_deref(w->pkt);
	mem_deref(w->ack);
	mem_deref(w->det.auth);
}


/**
 * All requests within a dialog whose answers matter
 *
 * @return List of struct within
 */
const struct list *within_list(void)
{
	return &withinl;
}


/**
 * Find a request by its transaction
 *
 * @param branch Branch, as libre has it
 * @param met    Method
 *
 * @return Request, NULL if there is none
 */
struct within *within_find(const struct pl *branch, const char *met)
{
	struct le *le;

	for (le = list_head(index_bucket(&by_branch, branch)); le; le = le->next) {

		struct within *w = le->data;

		if (!pl_strcmp(branch, w->branch) && !strcmp(met, w->met))
			return w;
	}

	return NULL;
}


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


/**
 * libre has its answer. An INVITE's may come again until it is acknowledged.
 *
 * @param w Request
 */
void within_end(struct within *w)
{
	attempt_stop(&w->att);
	timer_cancel(&w->tmr_again);
	timer_cancel(&w->tmr_end);
	w->state = WITHIN_ANSWERED;
	timer_start(&w->tmr, w->detoured ? LATE_MS : 0, forget_handler, w);
}


/**
 * A request has failed and its call goes on: an answer that the call is not
 * ended for. If there is none, libre's own time-out has to do.
 *
 * @param w      Request
 * @param reason Reason phrase
 */
void within_refuse(struct within *w, const char *reason)
{
	struct pl branch, met;
	struct txn *txn;

	if (!COMPAT_REFUSAL_ENDS_CALL || strcmp(w->met, "REFER")) {
		(void)inject_response(w->msg, 500, reason);
		return;
	}

	/* no more of it goes out to be refused */
	pl_set_str(&branch, w->branch);
	pl_set_str(&met, w->met);

	txn = txn_find(&branch, &met);
	if (txn)
		txn_set_unwanted(txn);
}


static void fail(struct within *w)
{
	report_request_failed(w->line, w->met, &w->msg->callid,
			      &w->msg->to.uri);
	within_refuse(w, "No server is available");
	within_end(w);
}


static void end_handler(void *arg)
{
	fail(arg);
}


/**
 * The present server is given up: wait for the account to be elsewhere
 *
 * @param w Request
 */
void within_give_up(struct within *w)
{
	attempt_stop(&w->att);
	timer_cancel(&w->tmr_again);
	w->state = WITHIN_WAITING;
}


static void unanswered_handler(void *arg)
{
	struct within *w = arg;
	struct line *line = w->line;

	if (attempt_is_alive(&w->att)) {
		attempt_start(&w->att, w->att.server);
		return;
	}

	within_give_up(w);
	attempt_unanswered(&w->att);
	evidence_wanted_now(line);
	decide_go_on(line);
}


/**
 * Send a packet the way that the request has gone last
 *
 * @param w   Request
 * @param pkt Packet
 *
 * @return 0 if success, otherwise errorcode
 */
int within_send(const struct within *w, struct mbuf *pkt)
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
	timer_start(&w->tmr_again, w->again_ms, again_handler, w);

	++w->att.sends;
	(void)within_send(w, w->pkt);
}


/**
 * Send the request to the server that it goes through by now
 *
 * @param w      Request
 * @param dlg    Its dialog
 * @param server Server
 *
 * @return 0 if success, otherwise errorcode
 */
int within_send_detour(struct within *w, struct dialog *dlg, unsigned server)
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
		timer_start(&w->tmr_again, T1_MS, again_handler, w);
	}

	return within_send(w, w->pkt);
}


/**
 * Go through another server, from now on also with libre's retransmissions
 *
 * @param w      Request
 * @param dlg    Its dialog
 * @param server Server
 *
 * @return 0 if success, EAGAIN if its connection is not there yet, otherwise
 *         errorcode
 */
int within_begin_detour(struct within *w, const struct dialog *dlg,
			 unsigned server)
{
	struct pl branch, met;
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
	pl_set_str(&met, w->met);
	txn = txn_find(&branch, &met);
	if (txn)
		txn_detour(txn, server, w->det.tp, &w->det.dst);

	return 0;
}


/* On to the server in use */
static void go_on(struct within *w)
{
	const unsigned server = w->line->policy.target;
	struct dialog *dlg = dialog_find(w->msg, true);
	int err;

	if (!dlg) {
		mem_deref(w);        /* hung up meanwhile */
		return;
	}

	err = within_begin_detour(w, dlg, server);
	if (!err)
		err = within_send_detour(w, dlg, server);
	if (!err)
		return;

	/* its connection is on the way */
	if (err == EAGAIN) {
		decide_probe(w->line, server);
		return;
	}

	info("failover: %s: %s within a call cannot go through server %u"
	     " (%m)\n", line_name(w->line), w->met, server, err);
	fail(w);
}


static void run(struct within *w)
{
	if ((w->state == WITHIN_SENT || w->state == WITHIN_DETOUR) &&
	    (attempt_lost_socket(&w->att) || attempt_is_stranded(&w->att)))
		within_give_up(w);

	if (w->state != WITHIN_WAITING)
		return;

	if (attempt_is_last(&w->att))
		fail(w);
	else if (attempt_may_go(&w->att))
		go_on(w);
	else if (!attempt_may_wait(&w->att))
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
	struct within *w = msg ? mem_zalloc(sizeof(*w), destructor) : NULL;

	if (!w)
		return NULL;

	list_append(&withinl, &w->le, w);
	w->line = txn->line;
	w->dst  = txn->dst;
	w->msg  = mem_ref(msg);

	if (str_dup(&w->branch, txn->branch) || str_dup(&w->met, txn->met))
		return mem_deref(w);

	index_add(&by_branch, w->branch, &w->he, w);
	attempt_init(&w->att, txn->line, w->met, unanswered_handler, w);

	return w;
}


/**
 * Can what libre sends for this request be kept off the wire? Over TCP and
 * TLS always: trace.c.
 *
 * @param w  Request
 * @param tp Transport that libre sends it over
 *
 * @return True if it can
 */
bool within_can_withhold(const struct within *w, enum sip_transp tp)
{
	return tp != SIP_TRANSP_UDP || withhold_is_ready(&w->dst);
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
 * @param sent  Request, as libre sends it
 * @param tp    Transport that it does so over
 * @param again True for a retransmission
 *
 * @return True if it is withheld, since it goes through another server
 */
bool within_sent(struct txn *txn, struct sent *sent, enum sip_transp tp,
		 bool again)
{
	struct within *w = within_find(&sent->g.branch, txn->met);

	if (w) {
		if (again && w->state == WITHIN_SENT &&
		    attempt_is_due(&w->att))
			unanswered_handler(w);
		else if (w->state == WITHIN_SENT)
			++w->att.sends;

		return w->detoured && within_can_withhold(w, tp);
	}

	if (again)
		return false;

	w = within_alloc(txn, sent_message(sent));
	if (!w)
		return false;

	w->since = clock_ms();
	attempt_start(&w->att, txn->server);
	w->att.sends = 1;
	timer_start(&w->tmr_end, END_MS, end_handler, w);

	if (!is_left(txn))
		return false;

	/* should the account come back to that server, it may go there */
	txn_set_unwanted(txn);
	attempt_forget(&w->att);
	within_give_up(w);
	decide_go_on(w->line);

	return within_can_withhold(w, tp);
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


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void within_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&withinl);

	while (le) {

		struct within *w = le->data;

		le = le->next;

		if (w->line == line && !attempt_renumber(&w->att, rn))
			mem_deref(w);
	}
}
