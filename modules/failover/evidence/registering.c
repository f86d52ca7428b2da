/**
 * @file registering.c  What is seen of Baresip's own REGISTER
 *
 * It begins with an event of Baresip's and ends with one: that is the one way
 * in for its outcome, registering_ended(). What is seen on the wire meanwhile
 * says when it was sent, that a server has answered, and what a 2xx has
 * granted.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "chance.h"
#include "clock.h"
#include "config.h"
#include "contact.h"
#include "decide.h"
#include "error.h"
#include "evidence.h"
#include "grant.h"
#include "line.h"
#include "own_side.h"
#include "path.h"
#include "policy.h"
#include "reason.h"
#include "register.h"
#include "registering.h"
#include "registration.h"
#include "report.h"
#include "request.h"
#include "settings.h"
#include "sockets.h"
#include "unread.h"


/**
 * Baresip is about to register the account
 *
 * @param line Line
 */
void registering_begins(struct line *line)
{
	struct decision d = {0};

	if (line->registering)
		return;

	/* it may have opened its sockets anew */
	sockets_update();

	/* Baresip reads the outbound proxy after this event */
	registration_aim(line, policy_registering(&line->policy, clock_ms()));
	line->todo.register_with = 0;

	decide_take(line, &d);
}


/* Of a client of Baresip's that is about to be replaced */
static bool is_replaced(const struct line *line)
{
	return line->client != line->policy.target ||
		line->todo.register_with;
}


/* A message that was sent, or is the answer to one that was sent, before the
   present client began */
static bool is_stale(const struct line *line, unsigned server, uint64_t since)
{
	return is_replaced(line) || server != line->client ||
		since < line->policy.started;
}


/* The server takes the REGISTER and grants no time, so it is of no use. If no
   other server is left, libre's client has to stop: it would go on at once. */
static void granted_nothing(struct line *line, const struct grant *grant,
			    const char *text, struct decision *d)
{
	struct policy *p = &line->policy;
	char reason[REASON_SIZE];

	grant_describe(grant, text, reason, sizeof(reason));
	policy_failed(p, p->target, clock_ms(), clock_ms(), chance_u32(),
		      reason, d);

	line->stop_client = !d->register_with;
}


static void registered(struct line *line, const char *text,
		       struct decision *d)
{
	const struct grant grant = line->grant;
	struct policy *p = &line->policy;

	report_online(line);
	path_note(line);
	line->unsent = 0;

	if (grant.useless) {
		granted_nothing(line, &grant, text, d);
		return;
	}

	policy_registered(p, clock_ms(), chance_u32(), text, d);
	binding_granted(p, &grant, clock_ms());
}


static void not_registered(struct line *line, const char *text,
			   struct decision *d)
{
	struct policy *p = &line->policy;
	const uint16_t scode = error_status_code(text);
	const uint64_t now = clock_ms();
	char reason[REASON_SIZE];

	if (!scode) {
		reason_describe(line_server(line, p->target), text, reason,
				sizeof(reason));
		policy_failed(p, p->target, now, now, chance_u32(), reason, d);
	}
	else if (settings_has_code(&line->set.codes, scode))
		policy_failed(p, p->target, now, now, chance_u32(), text, d);
	else
		policy_refused(p, now, chance_u32(), text);
}


/**
 * Baresip's registration has been answered, or has failed. This is the one
 * way in for its outcome; what the answer has granted came before, by
 * registering_answered().
 *
 * @param line Line
 * @param text The answer as "200 OK", or the error in words
 * @param ok   True if registered
 */
void registering_ended(struct line *line, const char *text, bool ok)
{
	struct decision d = {0};

	if (is_replaced(line))
		return;

	if (!ok && error_says_want(text)) {
		own_side_in_want(line);
		return;
	}

	if (!ok && !error_status_code(text) && own_side_is_at_fault(line))
		return;

	if (!ok && !evidence_counts(line, evidence_of_text(text), text)) {
		own_side_try_again(line);
		return;
	}

	if (ok)
		registered(line, text, &d);
	else
		not_registered(line, text, &d);

	decide_take(line, &d);
}


/**
 * Baresip's REGISTER is on the wire
 *
 * @param line   Line
 * @param server Server it goes to
 * @param since  Its first transmission [ms]
 * @param again  True for a retransmission
 */
void registering_sent(struct line *line, unsigned server, uint64_t since,
		      bool again)
{
	struct decision d = {0};

	if (is_stale(line, server, since))
		return;

	if (!again) {
		register_sent(&line->policy, server, since);
		decide_start_timer(line);
		return;
	}

	/* mostly it is but counted: to ask the kernel about the network and to
	   set a timer at each transmission of each account would take long */
	if (!policy_resent(&line->policy, server, clock_ms()) ||
	    unread_is(line, server) || own_side_is_at_fault(line))
		return;

	policy_time_is_up(&line->policy, clock_ms(), chance_u32(), &d);
	decide_take(line, &d);
}


/**
 * What a registrar has granted with its 2xx
 *
 * @param grant   Set to what it has granted
 * @param line    Line
 * @param msg     Answer to a REGISTER of the account's
 * @param expires What was asked for [s]
 * @param since   First transmission of that REGISTER [ms]
 */
void registering_grant(struct grant *grant, const struct line *line,
		       const struct sip_msg *msg, uint32_t expires,
		       uint64_t since)
{
	const struct grant_asked asked = {
		.cuser   = ua_local_cuser(line->ua),
		.contact = contact_in_use(line),
		.expires = expires,
		.rwait   = line->rwait,
		.took_ms = clock_ms() - since,
	};

	grant_decode(grant, msg, &asked);
}


/**
 * Baresip's REGISTER has a final answer. libre is told of it after us.
 *
 * @param line   Line
 * @param server Server that answered
 * @param since  First transmission of the request [ms]
 * @param msg    Answer
 */
void registering_answered(struct line *line, unsigned server, uint64_t since,
			  const struct sip_msg *msg)
{
	const uint16_t scode = msg->scode;

	if (is_stale(line, server, since))
		return;

	if (scode < 300)
		registering_grant(&line->grant, line, msg, line->asked_s,
				  since);

	/* libre may go on to another address of that server by itself: the
	   server's time runs on until Baresip tells that it has failed */
	if (settings_has_code(&line->set.codes, scode))
		return;

	/* libre sends it again, which may not even get onto the wire: the
	   name is to be resolved once more */
	if (scode == 401 || scode == 407 || scode == 423) {
		register_challenged(&line->policy, server, clock_ms());
		decide_start_timer(line);
	}
	else {
		/* Baresip's event comes next, and starts the timer anew */
		register_answered(&line->policy, server);
	}
}


/**
 * A de-registration of the account has ended
 *
 * @param line Line
 */
void registering_undone(struct line *line)
{
	struct decision d = {0};

	/* what was listed before is out of date */
	line->stale_contact = mem_deref(line->stale_contact);

	policy_deregistered(&line->policy, &d);
	decide_take(line, &d);
}


/**
 * The account is taken off the registrar, by the user or because it is going
 *
 * @param line Line
 */
void registering_stopped(struct line *line)
{
	const unsigned standby = line->policy.standby;
	struct decision d = {0};

	if (line->registering)
		return;

	policy_unregistered(&line->policy);

	/* Baresip de-registers with the server in use */
	if (standby && contact_in_use(line))
		(void)request_deregister(NULL, line, standby,
					 contact_in_use(line), NULL, NULL);

	line->stale_contact = mem_deref(line->stale_contact);
	memset(&line->todo, 0, sizeof(line->todo));
	line->drop_requests = true;

	decide_take(line, &d);
}
