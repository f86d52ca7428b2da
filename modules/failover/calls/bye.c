/**
 * @file bye.c  BYE failover: the far end must not stay off-hook
 *
 * libre sends the BYE of a call from the session's destructor, and nobody
 * hears what becomes of it. We watch it on the wire. If its server leaves it
 * unanswered, the same dialog's BYE goes through the next server, once the
 * account is registered there: same Call-ID and tags, the next CSeq.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "bye.h"
#include "decide.h"
#include "dialog.h"
#include "dialog_via.h"
#include "evidence.h"
#include "line.h"
#include "poke.h"
#include "report.h"
#include "settings.h"
#include "standby.h"
#include "state.h"
#include "unwanted.h"


enum {
	MAX_TRIES = 4,               /**< Challenges answered, then enough   */
	ASK_MS    = 500,             /**< T1: for names and connections      */
};

enum bye_state {
	BYE_SENT,                    /**< By libre, or by us                 */
	BYE_WAITING,                 /**< For the account to be registered   */
};

struct bye {
	struct le le;
	struct attempt att;
	struct dialog *dlg;
	enum bye_state state;
	unsigned challenges;         /**< Of the present server              */
	bool provisional;            /**< It has answered 1xx                */
	bool passed_on;              /**< It lives, and could not help       */
	struct tmr tmr;              /**< libre's ought to be sent by then   */
	struct sip_request *req;     /**< Ours, NULL: libre's                */
	struct sip_auth *auth;
};

static struct list byel;

static int send_bye(struct bye *bye);


static void destructor(void *arg)
{
	struct bye *bye = arg;

	list_unlink(&bye->le);
	tmr_cancel(&bye->tmr);
	attempt_stop(&bye->att);
	mem_deref(bye->req);
	mem_deref(bye->auth);
	mem_deref(bye->dlg);
}


static struct bye *bye_find(const struct dialog *dlg)
{
	struct le *le;

	for (le = list_head(&byel); le; le = le->next) {

		struct bye *bye = le->data;

		if (bye->dlg == dlg)
			return bye;
	}

	return NULL;
}


/* The BYE has not got through here: on to the next server */
static void give_up(struct bye *bye)
{
	attempt_stop(&bye->att);
	unwanted_add(bye->dlg->callid, "BYE", bye->att.server);
	bye->state = BYE_WAITING;
}


/* The server lives, so the account stays: on to the next all the same */
static void pass_on(struct bye *bye)
{
	give_up(bye);
	bye->passed_on = true;
	decide_go_on(bye->dlg->line);
}


static void unanswered_handler(void *arg)
{
	struct bye *bye = arg;
	struct line *line = bye->dlg->line;

	/* it has said 100, and then nothing */
	if (bye->provisional) {
		pass_on(bye);
		return;
	}

	give_up(bye);
	attempt_unanswered(&bye->att);
	evidence_wanted_now(line);
}


/* "Server unavailable" is no end: the far end has not heard of the BYE */
static bool is_unavailable(struct bye *bye, const struct sip_msg *msg)
{
	struct line *line = bye->dlg->line;

	if (msg->scode < 300 || !codes_has(&line->set.call_codes, msg->scode))
		return false;

	give_up(bye);
	attempt_refused(&bye->att, msg);
	evidence_wanted_now(line);
	decide_go_on(line);

	return true;
}


static int auth_handler(char **username, char **password, const char *realm,
			void *arg)
{
	return account_auth(arg, username, password, realm);
}


/* Is there another server that may reach the far end? */
static bool is_passed_on(struct bye *bye, const struct sip_msg *msg)
{
	if (msg->scode != 408 || attempt_is_last(&bye->att))
		return false;

	pass_on(bye);

	return true;
}


/* Any other final answer ends it: what is not known there (481) is over */
static void end(struct bye *bye, const struct sip_msg *msg)
{
	struct line *line = bye->dlg->line;

	if (msg->scode < 300) {
		++line->byes_moved;
		report_bye_moved(line, bye->att.server, bye->dlg->callid,
				 bye->dlg->remote, msg);
	}
	else {
		report_bye_ended(line, bye->att.server, bye->dlg->callid,
				 bye->dlg->remote, msg);
	}

	mem_deref(bye);
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct bye *bye = arg;

	if (err) {
		unanswered_handler(bye);
		return;
	}

	if (msg->scode < 200) {
		bye->provisional = true;
		return;
	}

	if ((msg->scode == 401 || msg->scode == 407) &&
	    ++bye->challenges < MAX_TRIES &&
	    !sip_auth_authenticate(bye->auth, msg) && !send_bye(bye)) {
		attempt_start(&bye->att, bye->att.server);
		return;
	}

	if (!is_unavailable(bye, msg) && !is_passed_on(bye, msg))
		end(bye, msg);
}


static int send_bye(struct bye *bye)
{
	struct dialog *dlg = bye->dlg;
	struct account *acc = dlg->line->acc;
	struct mbuf *routes = NULL;
	char *uri = NULL;
	struct uri hop;
	int err;

	if (!bye->auth) {
		err = sip_auth_alloc(&bye->auth, auth_handler, acc, true);
		if (err)
			return err;
	}

	err = dialog_via(dlg, bye->att.server, &uri, &routes);
	if (err)
		return err;

	err = dialog_next_hop(&hop, uri, routes);
	if (err)
		goto out;

	err = sip_requestf(&bye->req, uag_sip(), true, "BYE", uri, &hop,
			   bye->auth, NULL, response_handler, bye,
			   "%b"
			   "To: %s\r\n"
			   "From: %s\r\n"
			   "Call-ID: %s\r\n"
			   "CSeq: %u BYE\r\n"
			   "Content-Length: 0\r\n\r\n",
			   routes->buf, routes->end, dlg->remote, dlg->local,
			   dlg->callid, ++dlg->cseq);

 out:
	mem_deref(uri);
	mem_deref(routes);

	return err;
}


static void move(struct bye *bye, unsigned server)
{
	const unsigned before = bye->att.server;
	int err;

	bye->req = mem_deref(bye->req);
	bye->auth = mem_deref(bye->auth);
	bye->challenges  = 0;
	bye->provisional = false;
	bye->passed_on   = false;
	bye->state = BYE_SENT;
	attempt_start(&bye->att, server);

	err = send_bye(bye);
	if (!err)
		return;

	info("failover: %s: BYE of a call through server %u cannot go"
	     " through server %u (%m)\n", line_name(bye->dlg->line), before,
	     server, err);
	mem_deref(bye);
}


static void fail(struct bye *bye)
{
	report_bye_failed(bye->dlg->line, bye->dlg->callid, bye->dlg->remote);
	mem_deref(bye);
}


static bool is_bound(const struct policy *p)
{
	return standby_is_ahead(p) ||
		(p->state == POLICY_SETTLED &&
		 !policy_waits(p, WAIT_ANSWER));
}


/* Another one that is not known to be down, 0: none */
static unsigned next_server(const struct bye *bye)
{
	const struct policy *p = &bye->dlg->line->policy;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (!attempt_is_tried(&bye->att, i) &&
		    p->serverv[i - 1].health != HEALTH_DOWN)
			return i;
	}

	return 0;
}


static void run(struct bye *bye)
{
	const struct policy *p = &bye->dlg->line->policy;

	if (bye->state == BYE_SENT && (attempt_is_cut(&bye->att) ||
				       attempt_is_stranded(&bye->att)))
		give_up(bye);

	if (bye->state != BYE_WAITING)
		return;

	if (attempt_is_last(&bye->att))
		fail(bye);
	else if (bye->passed_on && next_server(bye))
		move(bye, next_server(bye));
	else if (is_bound(p) && !attempt_is_tried(&bye->att, p->target))
		move(bye, p->target);
	else if (p->state != POLICY_MOVING && p->state != POLICY_OFFLINE &&
		 !policy_waits(p, WAIT_ANSWER))
		fail(bye);
}


/**
 * Go on with the BYEs of a line, after its policy has decided
 *
 * @param line Line
 */
void bye_run(struct line *line)
{
	struct le *le = list_head(&byel);

	while (le) {

		struct bye *bye = le->data;

		le = le->next;

		if (bye->dlg->line == line)
			run(bye);
	}
}


/* A name that does not resolve, a TLS handshake that fails: of what keeps its
   BYE from being sent libre tells nobody, but whoever sends another request
   the same way */
static void unsent_handler(void *arg)
{
	struct bye *bye = arg;

	if (bye->state == BYE_SENT && !bye->att.sends)
		decide_ask(bye->dlg->line, bye->att.server);
}


/* `sends`: 1 if the BYE is on the wire, 0 if it waits for a connection */
static void watch(struct dialog *dlg, unsigned sends)
{
	struct bye *bye = mem_zalloc(sizeof(*bye), destructor);

	if (!bye)
		return;

	list_append(&byel, &bye->le, bye);
	bye->dlg = dlg;

	attempt_init(&bye->att, dlg->line, "BYE", unanswered_handler, bye);
	attempt_start(&bye->att, dlg->server);
	bye->att.sends = sends;

	tmr_init(&bye->tmr);
	if (!sends)
		tmr_start(&bye->tmr, ASK_MS, unsent_handler, bye);

	decide_go_on(dlg->line);
}


/**
 * A request is on the wire; of interest if it is within a dialog
 *
 * @param msg        Request
 * @param via_server True if it goes to a server of the account
 * @param again      True for a retransmission
 */
void bye_sent(const struct sip_msg *msg, bool via_server, bool again)
{
	struct dialog *dlg = dialog_find(msg, true);
	struct bye *bye;

	if (!dlg || !dlg->confirmed)
		return;

	if (msg->cseq.num > dlg->cseq)
		dlg->cseq = msg->cseq.num;

	if (pl_strcmp(&msg->met, "BYE"))
		return;

	bye = bye_find(dlg);

	if (bye && again && attempt_is_due(&bye->att))
		unanswered_handler(bye);
	else if (bye)
		++bye->att.sends;
	else if (via_server)
		watch(dlg, 1);
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
	struct bye *bye = dlg ? bye_find(dlg) : NULL;

	if (!bye || bye->req || bye->state != BYE_SENT)
		return;

	/* its time runs on: what it has in hand may come to nothing */
	if (msg->scode < 200) {
		bye->provisional = true;
		return;
	}

	attempt_stop(&bye->att);

	/* challenged: libre sends it again, with credentials */
	if (msg->scode == 401 || msg->scode == 407)
		attempt_start(&bye->att, bye->att.server);
	else if (msg->scode == 503 && attempt_resume(&bye->att) &&
		 evidence_goes_on(bye->dlg->line, bye->att.server, src))
		return;              /* libre does, to the next address */
	else if (!is_unavailable(bye, msg) && !is_passed_on(bye, msg))
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
	struct bye *bye = dlg ? bye_find(dlg) : NULL;

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
	struct dialog *dlg;

	if (!call_id(call))
		return;

	dlg = dialog_find_call(line, call_id(call));

	if (!dlg || bye_find(dlg))
		return;

	if (!dlg->confirmed || !dlg->server) {
		mem_deref(dlg);
		return;
	}

	watch(dlg, 0);
	poke_look(dlg->line, dlg->server);
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
