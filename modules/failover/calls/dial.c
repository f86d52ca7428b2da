/**
 * @file dial.c  Calls that are not answered yet
 *
 * invite.c is what is heard of them, redial.c their way through the servers.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "dial.h"
#include "line.h"


static struct list diall;


static void destructor(void *arg)
{
	struct dial *dial = arg;

	list_unlink(&dial->le);
	attempt_stop(&dial->att);
	timer_cancel(&dial->tmr_watch);
	mem_deref(dial->peer);
	mem_deref(dial->from);
	mem_deref(dial->callid);
	mem_deref(dial->old_callid);
}


/**
 * All calls that are not answered yet
 *
 * @return List of struct dial
 */
const struct list *dial_list(void)
{
	return &diall;
}


/**
 * Has a call gone without an event? Where libre refuses to send, Baresip frees
 * it.
 *
 * @param dial Call, may point to one that is no longer valid
 *
 * @return True if it has
 */
bool dial_is_gone(const struct dial *dial)
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
 * Begin to follow a call
 *
 * @param line Line
 * @param call Call
 * @param h    Called when the present server's time is up
 *
 * @return Object, owned by the list; NULL without memory
 */
struct dial *dial_alloc(struct line *line, struct call *call, timer_h *h)
{
	struct dial *dial = mem_zalloc(sizeof(*dial), destructor);

	if (!dial)
		return NULL;

	list_append(&diall, &dial->le, dial);
	attempt_init(&dial->att, line, "INVITE", h, dial);
	dial->line  = line;
	dial->call  = call;
	dial->video = call_has_video(call);

	if (str_dup(&dial->peer, call_peeruri(call)) ||
	    str_dup(&dial->from, call_localuri(call)))
		return mem_deref(dial);

	return dial;
}


/**
 * Let go of a call. If the caller holds a reference, it can see that the call
 * is in no list any more.
 *
 * @param dial Call
 */
void dial_drop(struct dial *dial)
{
	attempt_stop(&dial->att);
	timer_cancel(&dial->tmr_watch);
	list_unlink(&dial->le);
	mem_deref(dial);
}


/**
 * Find the object of a call
 *
 * @param call Call
 *
 * @return Object, NULL if there is none
 */
struct dial *dial_find(const struct call *call)
{
	struct le *le;

	for (le = list_head(&diall); le; le = le->next) {

		struct dial *dial = le->data;

		if (dial->call == call)
			return dial;
	}

	return NULL;
}


static bool is_callid(const struct dial *dial, const struct pl *callid)
{
	if (dial->callid)
		return !pl_strcmp(callid, dial->callid);

	return dial->call && !dial_is_gone(dial) && call_id(dial->call) &&
		!pl_strcmp(callid, call_id(dial->call));
}


/**
 * Find the object of a Call-ID
 *
 * @param line   Line
 * @param callid Call-ID
 *
 * @return Object, NULL if there is none
 */
struct dial *dial_find_callid(const struct line *line,
				     const struct pl *callid)
{
	struct le *le;

	for (le = list_head(&diall); le; le = le->next) {

		struct dial *dial = le->data;

		if (dial->line == line && is_callid(dial, callid))
			return dial;
	}

	return NULL;
}


/**
 * Find the call that was announced last. Its INVITE goes out from inside of
 * call_connect(), before the call has its Call-ID.
 *
 * @param line Line
 *
 * @return Object, NULL if there is none
 */
struct dial *dial_find_announced(const struct line *line)
{
	struct le *le;

	for (le = list_tail(&diall); le; le = le->prev) {

		struct dial *dial = le->data;

		if (dial->line == line && dial->state == DIAL_TRYING &&
		    !dial->callid)
			return dial;
	}

	return NULL;
}


/**
 * Let go of all calls of a line
 *
 * @param line Line, about to be freed
 */
void dial_forget(const struct line *line)
{
	struct le *le = list_head(&diall);

	while (le) {

		struct dial *dial = le->data;

		le = le->next;

		if (dial->line == line)
			dial_drop(dial);
	}
}


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void dial_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&diall);

	while (le) {

		struct dial *dial = le->data;

		le = le->next;

		if (dial->line == line && !attempt_renumber(&dial->att, rn))
			dial_drop(dial);
	}
}
