/**
 * @file redial.c  A call that is not answered goes on through another server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "dial.h"
#include "line.h"
#include "own_side.h"
#include "probe.h"
#include "redial.h"
#include "report.h"
#include "schedule.h"
#include "standby.h"
#include "unwanted.h"


enum {
	WATCH_MS = TRANSACTION_MS + 1000,/**< libre's own time-out first     */
};

static struct dial *placing;         /**< Inside of ua_connect()             */


/**
 * A call that libre has ended is being placed anew, at this moment
 *
 * @return Call, NULL if none is
 */
struct dial *redial_being_placed(void)
{
	return placing;
}


/**
 * Its INVITE is not wanted any more, nor one that waits for a name server
 *
 * @param dial Call
 */
void redial_silence(struct dial *dial)
{
	if (!dial->callid && dial->call && !dial_is_gone(dial) &&
	    call_id(dial->call))
		(void)str_dup(&dial->callid, call_id(dial->call));

	if (dial->callid)
		unwanted_add(dial->callid, "INVITE", dial->att.server);
}


/**
 * Take a call out of its SIP session. No event, no tone: it is the user's
 * still, and waits for the account to be registered.
 *
 * @param dial Call
 */
void redial_abandon(struct dial *dial)
{
	attempt_stop(&dial->att);
	dial->state = DIAL_WAITING;

	redial_silence(dial);

	mem_deref(dial->old_callid);
	dial->old_callid = dial->callid;
	dial->callid = NULL;

	if (dial->call)
		call_hangup(dial->call, 0, NULL);
}


/* call_connect() writes over strings of the call that it does not free;
   should a version learn to, our reference is the last one */
static void release(void *str, const char *now)
{
	if (str != now && mem_nrefs(str) > 1)
		mem_deref(str);
	mem_deref(str);
}


/* Where the account names STUN or the like, Baresip waits for it before it
   sends the INVITE. For this call it is done, and does not run again. */
static int connect_now(struct call *call, struct account *acc,
		       const char *uri)
{
	char *mnat = NULL;
	struct pl pl;
	int err;

	if (account_medianat(acc)) {
		err = str_dup(&mnat, account_medianat(acc));
		if (err)
			return err;
		(void)account_set_medianat(acc, NULL);
	}

	pl_set_str(&pl, uri);
	err = call_connect(call, &pl);

	if (mnat)
		(void)account_set_medianat(acc, mnat);
	mem_deref(mnat);

	return err;
}


/* Send its INVITE anew, along the account's outbound proxy of now */
static int invite_again(struct call *call, struct account *acc,
			const char *uri)
{
	void *id = mem_ref((void *)(intptr_t)call_id(call));
	void *peer = mem_ref((void *)(intptr_t)call_peeruri(call));
	int err;

	err = connect_now(call, acc, uri);

	release(id, call_id(call));
	release(peer, call_peeruri(call));

	return err;
}


static int place(struct dial *dial)
{
	const char *from = strcmp(dial->from, line_aor(dial->line)) ?
		dial->from : NULL;
	struct call *call = NULL;
	int err;

	placing = dial;
	err = ua_connect(dial->line->ua, &call, from, dial->peer,
			 dial->video ? VIDMODE_ON : VIDMODE_OFF);
	placing = NULL;

	/* Baresip has freed the call without an event */
	if (err) {
		dial->call = NULL;
	}
	else if (!dial->call) {
		/* its INVITE comes when STUN and the like are ready */
		dial->call  = call;
		dial->state = DIAL_TRYING;
		dial->announced  = true;
		dial->att.server = 0;
	}

	return err;
}


/**
 * No server takes the call: tell the user, and end it
 *
 * @param dial Call
 */
void redial_fail(struct dial *dial)
{
	struct call *call = dial->call;
	struct ua *ua = dial->line->ua;

	report_call_failed(dial->line, dial->peer);
	dial_drop(dial);

	if (call)
		ua_hangup(ua, call, 0, "no server is available");
}


static void watch_handler(void *arg)
{
	redial_fail(arg);
}


/**
 * Its INVITE is about to be sent. If it is not on the wire by the time that
 * libre gives up a request, the call is ended: nothing else would end it.
 *
 * @param dial Call
 */
void redial_watch(struct dial *dial)
{
	timer_start(&dial->tmr_watch, WATCH_MS, watch_handler, dial);
}


static void move(struct dial *dial)
{
	int err;

	mem_ref(dial);
	redial_watch(dial);

	err = dial->call ? invite_again(dial->call, dial->line->acc,
					dial->peer) : place(dial);

	/* an event of this call may have come from inside, and ended it */
	if (!dial->le.list)
		goto out;

	if (err || !dial->call) {
		redial_fail(dial);
		goto out;
	}

	++dial->line->calls_moved;

	dial->untold = !call_id(dial->call);
	if (!dial->untold)
		report_call_moved(dial->line, dial->call, dial->peer,
				  dial->old_callid, call_id(dial->call));

 out:
	mem_deref(dial);
}


static void run(struct dial *dial)
{
	const struct policy *p = &dial->line->policy;

	if (dial->state == DIAL_TRYING &&
	    ((dial->call && attempt_lost_socket(&dial->att)) ||
	     attempt_is_stranded(&dial->att)))
		redial_abandon(dial);

	if (dial->state != DIAL_WAITING)
		return;

	if (attempt_is_last(&dial->att)) {
		redial_fail(dial);
		return;
	}

	switch (p->state) {

	case POLICY_SETTLED:
		if (attempt_is_tried(&dial->att, p->target))
			redial_fail(dial);
		else
			move(dial);
		break;

	case POLICY_MOVING:
		if (standby_is_ahead(p) &&
		    !attempt_is_tried(&dial->att, p->target))
			move(dial);
		break;

	default:
		redial_fail(dial);
		break;
	}
}


/* The INVITE could not be sent, and who has dialled was told so. If a
   connection to the server is the reason, a new call is placed. If it is what
   was dialled, or the phone's own side, the call has ended. Returns whether it
   may go on. */
static bool lose(struct dial *dial)
{
	const unsigned server = dial->att.server;
	struct line *line = dial->line;

	dial->call = NULL;

	if (!server || own_side_is_at_fault(line) ||
	    server_transp(line_server(line, server)) == SIP_TRANSP_UDP) {
		dial_drop(dial);
		return false;
	}

	probe_server(line, server);

	return true;
}


/**
 * Go on with the calls of a line, after its policy has decided
 *
 * @param line Line
 */
void redial_run(struct line *line)
{
	struct le *le = list_head(dial_list());

	while (le) {

		struct dial *dial = le->data;

		le = le->next;

		if (dial->line != line)
			continue;

		if (!dial_is_gone(dial) || lose(dial))
			run(dial);
	}
}
