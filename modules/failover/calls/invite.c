/**
 * @file invite.c  INVITE failover: calls that are not answered yet
 *
 * A call whose INVITE its server leaves unanswered is taken out of its SIP
 * session, waits until the account is registered elsewhere, and goes through
 * the new server: one call for the user, with one object, as before. Any
 * answer, 100 Trying included, means that the server works on it: the call
 * stays. Where libre ends the call before we can (a refused or reset TCP
 * connection), a new one is placed in its stead. Here is what is heard of a
 * call, redial.c has what is done about it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "decide.h"
#include "dial.h"
#include "error.h"
#include "evidence.h"
#include "invite.h"
#include "line.h"
#include "reason.h"
#include "redial.h"
#include "report.h"
#include "settings.h"


static void unanswered_handler(void *arg)
{
	struct dial *dial = arg;

	/* never sent, and the server is well: see redial.c */
	if (!dial->call) {
		dial_drop(dial);
		return;
	}

	/* the account has not left that server, nor does the call */
	if (attempt_unanswered(&dial->att) != VERDICT_MOVES)
		attempt_start(&dial->att, dial->att.server);
}


static void begin(struct line *line, struct call *call, bool announced)
{
	struct dial *dial;

	/* of an established call: a re-INVITE */
	if (call_state(call) != CALL_STATE_OUTGOING || !line->client)
		return;

	dial = dial_find(call);
	if (dial && strcmp(dial->peer, call_peeruri(call))) {
		dial_drop(dial);             /* another one, freed before */
		dial = NULL;
	}
	if (!dial)
		dial = redial_being_placed();
	if (!dial)
		dial = dial_alloc(line, call, unanswered_handler);
	if (!dial)
		return;

	dial->call   = call;
	dial->callid = mem_deref(dial->callid);
	dial->state  = DIAL_TRYING;
	dial->announced = announced;
	attempt_start(&dial->att, line->client);
	redial_watch(dial);

	/* is it still there when call_connect() has returned? */
	decide_go_on(line);

	/* if all servers were down, a call is a reason to try again now */
	evidence_wanted_now(line);
}


/**
 * A call is about to be made. Newer versions of Baresip say so before the
 * server's name is looked up, and invite_offer() comes when it is known.
 *
 * @param line Line
 * @param call Call
 */
void invite_outgoing(struct line *line, struct call *call)
{
	/* STUN and the like go first, and take time of their own */
	if (account_medianat(line->acc))
		return;

	begin(line, call, true);
}


/**
 * A call is about to send its INVITE
 *
 * @param line Line
 * @param call Call
 */
void invite_offer(struct line *line, struct call *call)
{
	struct dial *dial = dial_find(call);

	if (dial && dial->announced) {
		dial->announced = false;
		dial->video = call_has_video(call);
		if (!dial->att.server)
			attempt_start(&dial->att, line->client);
		return;
	}

	begin(line, call, false);
}


/* With STUN and the like, its Call-ID comes with the INVITE */
static void tell(struct dial *dial)
{
	if (!dial->untold || !dial->callid)
		return;

	dial->untold = false;
	report_call_moved(dial->line, dial->call, dial->peer,
			  dial->old_callid, dial->callid);
}


/**
 * An INVITE that opens a dialog is on the wire
 *
 * @param line   Line
 * @param callid Call-ID
 * @param again  True for a retransmission
 */
void invite_sent(struct line *line, const struct pl *callid, bool again)
{
	struct dial *dial = dial_find_callid(line, callid);

	if (!dial && !again)
		dial = dial_find_announced(line);
	if (!dial || dial->state == DIAL_WAITING)
		return;

	if (again && attempt_is_due(&dial->att)) {
		unanswered_handler(dial);
		return;
	}

	timer_cancel(&dial->tmr_watch);

	if (!dial->callid) {
		(void)pl_strdup(&dial->callid, callid);
		tell(dial);
	}
	else if (!again && dial->state == DIAL_ANSWERED) {
		/* sent again, as the server has asked */
		dial->state = DIAL_TRYING;
		attempt_start(&dial->att, dial->att.server);
	}

	++dial->att.sends;
}


/**
 * An INVITE that opens a dialog has an answer. Called before libre sees it,
 * so that the call can be taken out of its session in time.
 *
 * @param line Line
 * @param msg  Answer
 * @param src  Where the INVITE was sent
 */
void invite_answered(struct line *line, const struct sip_msg *msg,
		   const struct sa *src)
{
	struct dial *dial = dial_find_callid(line, &msg->callid);

	if (!dial || dial->state == DIAL_WAITING)
		return;

	/* it will be sent again, once the name has been resolved again */
	if (msg->scode == 401 || msg->scode == 407) {
		dial->state = DIAL_TRYING;
		attempt_start(&dial->att, dial->att.server);
		return;
	}

	attempt_stop(&dial->att);
	dial->state = DIAL_ANSWERED;

	if (!attempt_is_listed(&dial->att, msg))
		return;

	/* libre goes on to the next address by itself, on 503 alone */
	if (msg->scode == 503 && attempt_resume(&dial->att) &&
	    evidence_goes_on(line, dial->att.server, src)) {
		dial->state = DIAL_TRYING;
		return;
	}
	attempt_stop(&dial->att);

	attempt_refused(&dial->att, msg);
	redial_abandon(dial);
}


/* Its INVITE could not be sent: an error of the transport, as libre words it.
   Anything else is an answer, or the wish of the user. */
static bool is_error(const char *text)
{
	static const int errv[] = {
		ECONNREFUSED, ECONNRESET, ECONNABORTED, ETIMEDOUT, EPIPE,
		EHOSTUNREACH, ENETUNREACH, ENOTCONN, EDESTADDRREQ, EPROTO,
	};

	for (size_t i = 0; i < RE_ARRAY_SIZE(errv); i++) {
		if (error_is(text, errv[i]))
			return true;
	}

	return false;
}


/* libre has tried all addresses of the server's name */
static bool is_unavailable(const struct dial *dial, const char *text)
{
	return is_error(text) ||
		settings_has_code(&dial->line->set.call_codes,
				  error_status_code(text));
}


/* libre has ended the call by itself: place a new one */
static void replace(struct dial *dial, struct call *call, const char *text)
{
	struct line *line = dial->line;
	const unsigned server = dial->att.server;
	const uint64_t since = dial->att.since;
	char reason[REASON_SIZE];

	if (!dial->callid && call_id(call))
		(void)str_dup(&dial->callid, call_id(call));
	dial->call = NULL;
	redial_abandon(dial);

	reason_describe(line_server(line, server), text, reason,
			sizeof(reason));
	if (evidence_failed(line, server, evidence_of_text(text), since,
			    reason) == VERDICT_VOID)
		attempt_forget(&dial->att);
}


/**
 * A call has ended
 *
 * @param call Call
 * @param text Why
 */
void invite_closed(struct call *call, const char *text)
{
	struct dial *dial = dial_find(call);

	if (!dial)
		return;

	if (dial->state == DIAL_TRYING)
		redial_silence(dial);

	/* no INVITE was sent if STUN and the like have failed */
	if (dial->state == DIAL_TRYING && dial->att.server &&
	    is_unavailable(dial, text))
		replace(dial, call, text);
	else
		dial_drop(dial);
}


/**
 * A call has been answered by the other party
 *
 * @param call Call
 */
void invite_established(struct call *call)
{
	struct dial *dial = dial_find(call);

	if (dial)
		dial_drop(dial);
}
