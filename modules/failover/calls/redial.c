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
#include "redial.h"
#include "report.h"
#include "unwanted.h"


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
 * Has a call gone without an event? Where libre refuses to send, Baresip frees
 * it.
 *
 * @param dial Call, may point to one that is no longer valid
 *
 * @return True if it has
 */
bool redial_is_gone(const struct dial *dial)
{
	struct le *le;

	if (!dial->call)
		return false;

	for (le = list_head(ua_calls(dial->line->ua)); le; le = le->next) {
		if (le->data == dial->call)
			return false;
	}

	return true;
}


/**
 * Its INVITE is not wanted any more, nor one that waits for a name server
 *
 * @param dial Call
 */
void redial_silence(struct dial *dial)
{
	if (!dial->callid && dial->call && !redial_is_gone(dial) &&
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


/* Send its INVITE anew, along the account's outbound proxy of now */
static int invite_again(struct call *call, const char *uri)
{
	void *id = mem_ref((void *)(intptr_t)call_id(call));
	void *peer = mem_ref((void *)(intptr_t)call_peeruri(call));
	struct pl pl;
	int err;

	pl_set_str(&pl, uri);
	err = call_connect(call, &pl);

	release(id, call_id(call));
	release(peer, call_peeruri(call));

	return err;
}


static int place(struct dial *dial)
{
	const char *from = strcmp(dial->from, line_aor(dial->line)) ?
		dial->from : NULL;
	int err;

	placing = dial;
	err = ua_connect(dial->line->ua, NULL, from, dial->peer,
			 dial->video ? VIDMODE_ON : VIDMODE_OFF);
	placing = NULL;

	/* Baresip has freed the call without an event */
	if (err)
		dial->call = NULL;

	return err;
}


static void fail(struct dial *dial)
{
	struct call *call = dial->call;
	struct ua *ua = dial->line->ua;

	report_call_failed(dial->line, dial->peer);
	mem_deref(dial);

	if (call)
		ua_hangup(ua, call, 0, "no server is available");
}


static void move(struct dial *dial)
{
	int err;

	mem_ref(dial);

	err = dial->call ? invite_again(dial->call, dial->peer) : place(dial);
	if (err || !dial->call)
		fail(dial);
	else {
		++dial->line->calls_moved;
		report_call_moved(dial->line, dial->call, dial->peer,
				  dial->old_callid, call_id(dial->call));
	}

	mem_deref(dial);
}


static void run(struct dial *dial)
{
	const struct policy *p = &dial->line->policy;

	if (dial->state == DIAL_TRYING && (attempt_is_cut(&dial->att) ||
					   attempt_is_stranded(&dial->att)))
		redial_abandon(dial);

	if (dial->state != DIAL_WAITING)
		return;

	if (attempt_is_last(&dial->att)) {
		fail(dial);
		return;
	}

	switch (p->state) {

	case POLICY_SETTLED:
		if (attempt_is_tried(&dial->att, p->target))
			fail(dial);
		else
			move(dial);
		break;

	case POLICY_MOVING:
		if (standby_is_ahead(p) &&
		    !attempt_is_tried(&dial->att, p->target))
			move(dial);
		break;

	default:
		fail(dial);
		break;
	}
}


/* The INVITE could not be sent. Is it the server, then a new call is placed;
   or was it something wrong with what was dialled, then that is all. */
static void lose(struct dial *dial)
{
	dial->call = NULL;
	line_look(dial->line, dial->att.server);
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

		if (redial_is_gone(dial))
			lose(dial);

		run(dial);
	}
}
