/**
 * @file bye.c  BYE failover: the far end must not stay off-hook
 *
 * libre sends the BYE of a call from the session's destructor, and nobody
 * hears what becomes of it. We watch it on the wire. If its server leaves it
 * unanswered, bye_move.c sends one through the next server.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "bye.h"
#include "decide.h"
#include "dialog.h"
#include "dialog_call.h"
#include "evidence.h"
#include "glance.h"
#include "line.h"
#include "probe.h"
#include "schedule.h"
#include "settings.h"
#include "unwanted.h"


enum {
	ASK_MS = 500,                /**< T1: for names and connections      */
};

static struct list byel;


static void destructor(void *arg)
{
	struct bye *bye = arg;

	list_unlink(&bye->le);
	timer_cancel(&bye->tmr);
	attempt_stop(&bye->att);
	mem_deref(bye->req);
	mem_deref(bye->auth);
	bye->dlg->bye = NULL;
	mem_deref(bye->dlg);
}


/**
 * All BYEs that are not answered yet
 *
 * @return List of struct bye
 */
const struct list *bye_list(void)
{
	return &byel;
}


/**
 * This server has not answered the BYE: go on to the next one
 *
 * @param bye BYE
 */
void bye_give_up(struct bye *bye)
{
	attempt_stop(&bye->att);
	unwanted_add(bye->dlg->callid, "BYE", bye->att.server);
	bye->state = BYE_WAITING;
}


/* The server lives, so the account stays, but the BYE goes to the next one */
static void pass_on(struct bye *bye)
{
	bye_give_up(bye);
	bye->passed_on = true;
	decide_go_on(bye->dlg->line);
}


/* libre has sent none, or none with credentials: what is not sent is evidence
   of nothing. If a name or a connection is at fault, unsent_handler() has
   another request show it. */
static bool is_unsent(const struct bye *bye)
{
	return !bye->req && !bye->att.sends;
}


/**
 * The present server's time is up. If it has said 100 before, or has answered
 * another request meanwhile, it lives.
 *
 * @param bye BYE
 */
void bye_unanswered(struct bye *bye)
{
	struct line *line = bye->dlg->line;

	if (bye->provisional || is_unsent(bye) || attempt_is_alive(&bye->att)) {
		pass_on(bye);
		return;
	}

	bye_give_up(bye);
	attempt_unanswered(&bye->att);
	evidence_wanted_now(line);
}


static void unanswered_handler(void *arg)
{
	bye_unanswered(arg);
}


/**
 * Does an answer mean that the far end has not heard of the BYE, since the
 * server is unavailable? Then it waits for the next one.
 *
 * @param bye BYE
 * @param msg Answer
 *
 * @return True if it does
 */
bool bye_is_unavailable(struct bye *bye, const struct sip_msg *msg)
{
	struct line *line = bye->dlg->line;

	if (!attempt_is_listed(&bye->att, msg))
		return false;

	bye_give_up(bye);
	attempt_refused(&bye->att, msg);
	evidence_wanted_now(line);
	decide_go_on(line);

	return true;
}


/**
 * Does an answer mean that another server may reach the far end? Then it goes
 * on to that.
 *
 * @param bye BYE
 * @param msg Final answer
 *
 * @return True if it does
 */
bool bye_is_passed_on(struct bye *bye, const struct sip_msg *msg)
{
	if (msg->scode != 408 || attempt_is_last(&bye->att))
		return false;

	pass_on(bye);

	return true;
}


/* If a name does not resolve or a TLS handshake fails, libre cannot send its
   BYE, and reports that to nobody. Another request to the same server fails in
   the same way, and that is reported. */
static void unsent_handler(void *arg)
{
	struct bye *bye = arg;

	if (bye->state == BYE_SENT && !bye->att.sends)
		decide_probe(bye->dlg->line, bye->att.server);
}


/* libre sends it again, with credentials, if it has any; a name may have to
   be looked up, a connection to be made, first */
static void challenged(struct bye *bye)
{
	++bye->challenges;
	bye->provisional = false;
	attempt_start(&bye->att, bye->att.server);
	timer_start(&bye->tmr, ASK_MS, unsent_handler, bye);
}


/* The far end has not acknowledged our answer, so libre may not send a BYE yet
   (RFC 3261 section 15). It does so with the ACK, or after 64*T1. */
static void unacknowledged_handler(void *arg)
{
	mem_deref(arg);
}


static void await_ack(struct bye *bye)
{
	attempt_stop(&bye->att);
	timer_start(&bye->tmr, TRANSACTION_MS + ASK_MS, unacknowledged_handler,
		    bye);
}


/* `sends`: 1 if the BYE is on the wire, 0 if it waits for a connection */
static struct bye *watch(struct dialog *dlg, unsigned sends)
{
	struct bye *bye = mem_zalloc(sizeof(*bye), destructor);

	if (!bye)
		return NULL;

	list_append(&byel, &bye->le, bye);
	bye->dlg = dlg;
	dlg->bye = bye;

	attempt_init(&bye->att, dlg->line, "BYE", unanswered_handler, bye);
	attempt_start(&bye->att, dlg->server);
	bye->att.sends = sends;

	if (!sends)
		timer_start(&bye->tmr, ASK_MS, unsent_handler, bye);

	decide_go_on(dlg->line);

	return bye;
}


/* Its time begins when it is on the wire, however long it has waited */
static void count_sent(struct bye *bye)
{
	if (!bye->req && !bye->att.sends) {
		timer_cancel(&bye->tmr);
		attempt_start(&bye->att, bye->att.server);
	}

	++bye->att.sends;
}


/**
 * A request within a dialog is on the wire
 *
 * @param dlg        Dialog
 * @param g          Request
 * @param via_server True if it goes to a server of the account
 * @param again      True for a retransmission
 */
void bye_sent(struct dialog *dlg, const struct glance *g, bool via_server,
	      bool again)
{
	struct bye *bye = dlg->bye;

	if (!dlg->confirmed)
		return;

	if (g->cseq > dlg->cseq)
		dlg->cseq = g->cseq;

	if (pl_strcmp(&g->met, "BYE"))
		return;

	if (bye && again && attempt_is_due(&bye->att))
		bye_unanswered(bye);
	else if (bye)
		count_sent(bye);
	else if (via_server)
		(void)watch(dlg, 1);
	else
		mem_deref(dlg);      /* it goes to the far end directly */
}


/**
 * libre's BYE has an answer. What ours are answered is heard elsewhere.
 *
 * @param msg Answer
 * @param src Where the BYE was sent
 */
void bye_answered(const struct sip_msg *msg, const struct sa *src)
{
	struct dialog *dlg = dialog_find(msg, false);
	struct bye *bye = dlg ? dlg->bye : NULL;

	if (!bye || bye->req || bye->state != BYE_SENT)
		return;

	/* its time runs on: a final answer may never come */
	if (msg->scode < 200) {
		bye->provisional = true;
		return;
	}

	attempt_stop(&bye->att);

	if (attempt_is_challenge(msg))
		challenged(bye);
	else if (msg->scode == 503 && attempt_resume(&bye->att) &&
		 evidence_goes_on(bye->dlg->line, bye->att.server, src))
		return;              /* libre does, to the next address */
	else if (!bye_is_unavailable(bye, msg) && !bye_is_passed_on(bye, msg))
		mem_deref(bye);
}


/**
 * The far end has hung up
 *
 * @param msg BYE received
 */
void bye_received(const struct sip_msg *msg)
{
	struct dialog *dlg = dialog_find(msg, false);
	struct bye *bye = dlg ? dlg->bye : NULL;

	if (bye)
		mem_deref(bye);
	else
		mem_deref(dlg);
}


/**
 * A call has ended. If no BYE was seen, it waits for a connection.
 *
 * @param line Line
 * @param call Call
 */
void bye_closed(const struct line *line, struct call *call)
{
	struct dialog *dlg = dialog_call_closed(line, call);
	struct bye *bye;

	if (!dlg || dlg->bye)
		return;

	if (!dlg->confirmed || !dlg->server) {
		mem_deref(dlg);
		return;
	}

	bye = watch(dlg, 0);

	if (!dlg->established && bye)
		await_ack(bye);
	else
		probe_server(dlg->line, dlg->server);
}


/**
 * Let go of all BYEs of a line
 *
 * @param line Line, about to be freed
 */
void bye_forget(const struct line *line)
{
	struct le *le = list_head(&byel);

	while (le) {

		struct bye *bye = le->data;

		le = le->next;

		if (bye->dlg->line == line)
			mem_deref(bye);
	}
}


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void bye_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&byel);

	while (le) {

		struct bye *bye = le->data;

		le = le->next;

		if (bye->dlg->line == line && !attempt_renumber(&bye->att, rn))
			mem_deref(bye);
	}
}
