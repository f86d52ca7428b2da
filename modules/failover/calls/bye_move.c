/**
 * @file bye_move.c  A BYE goes on through another server
 *
 * The same dialog's BYE: same Call-ID and tags, the next CSeq. It goes out
 * once the account is registered with the next server.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "attempt.h"
#include "bye.h"
#include "bye_move.h"
#include "dialog.h"
#include "dialog_via.h"
#include "line.h"
#include "report.h"
#include "state.h"


enum {
	MAX_TRIES = 4,               /**< Challenges answered, then enough   */
};

static int send_bye(struct bye *bye);


/* Any other final answer ends it. After 481 the call is over there, too. */
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
		bye_unanswered(bye);
		return;
	}

	if (msg->scode < 200) {
		bye->provisional = true;
		return;
	}

	if (attempt_is_challenge(msg) && ++bye->challenges < MAX_TRIES &&
	    !sip_auth_authenticate(bye->auth, msg) && !send_bye(bye)) {
		bye->provisional = false;
		attempt_start(&bye->att, bye->att.server);
		return;
	}

	if (!bye_is_unavailable(bye, msg) && !bye_is_passed_on(bye, msg))
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
		err = sip_auth_alloc(&bye->auth, line_auth_handler, acc, true);
		if (err)
			return err;
	}

	err = dialog_via(dlg, bye->att.server, &uri, &routes);
	if (err)
		return err;

	err = dialog_via_next_hop(&hop, uri, routes);
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


/* Another one, 0: none. Better one that is not known to be down; but what
   failed some time ago may work by now. */
static unsigned next_server(const struct bye *bye)
{
	const struct policy *p = &bye->dlg->line->policy;
	unsigned down = 0;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {

		if (attempt_is_tried(&bye->att, i))
			continue;

		if (p->serverv[i - 1].health != HEALTH_DOWN)
			return i;

		if (!down)
			down = i;
	}

	return down;
}


static void run(struct bye *bye)
{
	const struct policy *p = &bye->dlg->line->policy;

	if (bye->state == BYE_SENT && (attempt_lost_socket(&bye->att) ||
				       attempt_is_stranded(&bye->att)))
		bye_give_up(bye);

	if (bye->state != BYE_WAITING)
		return;

	if (attempt_is_last(&bye->att))
		fail(bye);
	else if (bye->passed_on && next_server(bye))
		move(bye, next_server(bye));
	else if (attempt_may_go(&bye->att))
		move(bye, p->target);
	else if (!attempt_may_wait(&bye->att))
		fail(bye);
}


/**
 * Go on with the BYEs of a line, after its policy has decided
 *
 * @param line Line
 */
void bye_move_run(struct line *line)
{
	struct le *le = list_head(bye_list());

	while (le) {

		struct bye *bye = le->data;

		le = le->next;

		if (bye->dlg->line == line)
			run(bye);
	}
}
