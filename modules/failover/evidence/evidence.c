/**
 * @file evidence.c  What is seen of an account's servers
 *
 * Every sensor reports here, and here alone the policy is asked what follows;
 * own_side.c has what is the phone's own side.
 *
 * THE RULE. Three things speak against a server, and nothing else does:
 *
 * 1. a request that was really sent to it and not answered in its time
 *    (EVIDENCE_SILENCE: transactions, and who waits for an answer);
 * 2. an answer that the settings list, or that takes the account and grants
 *    it no time (EVIDENCE_ANSWER);
 * 3. an error of the very packet or connection that carries SIP
 *    (EVIDENCE_ERROR: icmp.c for packets, libre and connection.c for
 *    connections).
 *
 * What was never sent is evidence of nothing, and neither is what the phone
 * itself lacks: a network, descriptors, memory. What is learned by other
 * means, by a connection of our own (probe.c), counts only together with
 * silence of the connection that SIP has. Every report names its kind, and
 * is_evidence() refuses what is none.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "clock.h"
#include "config.h"
#include "contact.h"
#include "decide.h"
#include "error.h"
#include "evidence.h"
#include "failback.h"
#include "flow.h"
#include "grant.h"
#include "line.h"
#include "lookup.h"
#include "own_side.h"
#include "path.h"
#include "policy.h"
#include "presence.h"
#include "reason.h"
#include "register.h"
#include "registration.h"
#include "report.h"
#include "request.h"
#include "settings.h"
#include "sockets.h"
#include "subscription.h"
#include "target.h"
#include "txn.h"
#include "unwanted.h"
#include "view.h"


enum {
	RWAIT_DEFAULT = 90,          /**< libre's: of the expiry [%]         */
	RWAIT_MIN     = 5,
	RWAIT_MAX     = 95,
};


/**
 * What an error is evidence of
 *
 * @param err Error of a request, 0 if it was answered
 *
 * @return Kind of evidence
 */
enum evidence evidence_of(int err)
{
	if (!err)
		return EVIDENCE_ANSWER;

	if (err == ETIMEDOUT)
		return EVIDENCE_SILENCE;

	return error_is_want(err) ? EVIDENCE_NONE : EVIDENCE_ERROR;
}


/**
 * What Baresip's text for the end of a request is evidence of
 *
 * @param text The answer as "503 Service Unavailable", or the error in words
 *
 * @return Kind of evidence
 */
enum evidence evidence_of_text(const char *text)
{
	if (error_status_code(text))
		return EVIDENCE_ANSWER;

	if (error_is(text, ETIMEDOUT))
		return EVIDENCE_SILENCE;

	return error_says_want(text) ? EVIDENCE_NONE : EVIDENCE_ERROR;
}


/* The gate. An answer came over a network that is there. */
static bool is_evidence(struct line *line, enum evidence kind,
			const char *reason)
{
	switch (kind) {

	case EVIDENCE_ANSWER:
		return true;

	case EVIDENCE_SILENCE:
		return !own_side_is_at_fault(line);

	case EVIDENCE_ERROR:
		return !own_side_is_at_fault(line) &&
			!path_is_settling(line, reason);

	case EVIDENCE_NONE:
		break;
	}

	return false;
}


/**
 * Baresip is about to register the account
 *
 * @param line Line
 */
void evidence_registering(struct line *line)
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


/* A binding that does not last is none: this server is of no use to the
   account. Should no other one be left, libre's client is not to go on. */
static void granted_nothing(struct line *line, const struct grant *grant,
			    const char *text, struct decision *d)
{
	struct policy *p = &line->policy;
	char reason[REASON_SIZE];

	grant_describe(grant, text, reason, sizeof(reason));
	policy_failed(p, p->target, clock_ms(), clock_ms(), rand_u32(),
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

	policy_registered(p, clock_ms(), rand_u32(), text, d);
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
		policy_failed(p, p->target, now, now, rand_u32(), reason, d);
	}
	else if (settings_has_code(&line->set.codes, scode))
		policy_failed(p, p->target, now, now, rand_u32(), text, d);
	else
		policy_refused(p, now, rand_u32(), text);
}


/**
 * Baresip's registration has been answered, or has failed. This is the one
 * way in for its outcome; what the answer has granted came before, by
 * evidence_answered().
 *
 * @param line Line
 * @param text The answer as "200 OK", or the error in words
 * @param ok   True if registered
 */
void evidence_register_result(struct line *line, const char *text, bool ok)
{
	struct decision d = {0};

	/* of a client that is about to be replaced */
	if (line->client != line->policy.target || line->todo.register_with)
		return;

	if (!ok && error_says_want(text)) {
		own_side_in_want(line);
		return;
	}

	if (!ok && !error_status_code(text) && own_side_is_at_fault(line))
		return;

	if (!ok && !is_evidence(line, evidence_of_text(text), text)) {
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
void evidence_sent(struct line *line, unsigned server, uint64_t since,
		   bool again)
{
	struct decision d = {0};

	if (since < line->policy.started)
		return;

	if (again) {
		if (own_side_is_at_fault(line))
			return;

		policy_resent(&line->policy, server, clock_ms(), rand_u32(),
			      &d);
		decide_take(line, &d);
	}
	else {
		register_sent(&line->policy, server, since);
		decide_start_timer(line);
	}
}


static uint32_t rwait(const struct line *line)
{
	struct pl pl;

	if (!config_param(line, "rwait", &pl) || !pl_u32(&pl))
		return RWAIT_DEFAULT;

	return MIN(MAX(pl_u32(&pl), RWAIT_MIN), RWAIT_MAX);
}


/**
 * What a registrar has granted with its 2xx
 *
 * @param grant   Set to what it has granted
 * @param line    Line
 * @param msg     Answer to a REGISTER of the account's
 * @param expires What was asked for [s]
 */
void evidence_decode_grant(struct grant *grant, const struct line *line,
			   const struct sip_msg *msg, uint32_t expires)
{
	const struct grant_asked asked = {
		.cuser   = ua_local_cuser(line->ua),
		.contact = contact_in_use(line),
		.expires = expires,
		.rwait   = rwait(line),
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
void evidence_answered(struct line *line, unsigned server, uint64_t since,
		       const struct sip_msg *msg)
{
	const uint16_t scode = msg->scode;

	if (scode < 300)
		evidence_decode_grant(&line->grant, line, msg, line->asked_s);

	/* libre may go on to another address of that server by itself: the
	   server's time runs on until Baresip tells that it has failed */
	if (since < line->policy.started ||
	    settings_has_code(&line->set.codes, scode))
		return;

	/* libre sends it again, which may not even get onto the wire: the
	   name is to be resolved once more */
	if (scode == 401 || scode == 407 || scode == 423)
		register_challenged(&line->policy, server, clock_ms());
	else
		register_answered(&line->policy, server);
	decide_start_timer(line);
}


/**
 * A server has said when to come again
 *
 * @param line   Line
 * @param server Server
 * @param s      Time [s]
 */
void evidence_retry_after(struct line *line, unsigned server, uint32_t s)
{
	policy_retry_after(&line->policy, server, s, clock_ms());
}


/**
 * A request to a server has failed in a way that means "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param kind   What kind of evidence that is
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 *
 * @return What that means for the request
 */
enum verdict evidence_failed(struct line *line, unsigned server,
			     enum evidence kind, uint64_t since,
			     const char *reason)
{
	struct decision d = {0};
	enum verdict verdict;

	if (!is_evidence(line, kind, reason))
		return VERDICT_VOID;

	verdict = policy_failed(&line->policy, server, since, clock_ms(),
				rand_u32(), reason, &d);
	decide_take(line, &d);

	return verdict;
}


/**
 * One of a server's addresses has failed. Will libre go on to another one?
 *
 * @param line   Line
 * @param server Server
 * @param dst    Address
 *
 * @return True if it will, as far as that is known
 */
bool evidence_goes_on(struct line *line, unsigned server, const struct sa *dst)
{
	struct server *srv = &line->serverv[server - 1];
	const uint64_t now = clock_ms();

	target_failed(srv, dst, false, now);

	return target_is_left(srv, now);
}


/**
 * A packet of ours could not be delivered to an address of a server: its host
 * or a router says so. libre does not hear that; told of it, it goes on to the
 * next address of the server's name.
 *
 * @param line   Line
 * @param server Server
 * @param dst    Address
 * @param since  When the request that has shown it was first sent [ms]
 * @param reason What was seen
 */
void evidence_unreachable(struct line *line, unsigned server,
			  const struct sa *dst, uint64_t since,
			  const char *reason)
{
	if (lookup_defer(line, server, dst, since, reason))
		return;

	if (evidence_goes_on(line, server, dst))
		unwanted_refuse(line, server, dst);
	else
		evidence_failed(line, server, EVIDENCE_ERROR, since, reason);
}


/**
 * A request has been answered "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 * @param before How often the same request was answered so before
 *
 * @return What that means for the request
 */
enum verdict evidence_refused(struct line *line, unsigned server,
			      uint64_t since, const char *reason,
			      unsigned before)
{
	policy_failed_before(&line->policy, server, before);

	return evidence_failed(line, server, EVIDENCE_ANSWER, since, reason);
}


/**
 * A request has been without any answer for as long as a server is given
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param sends  Transmissions seen, 0 or 1 if it is not retransmitted
 * @param since  First transmission [ms]
 *
 * @return What that means for the request
 */
enum verdict evidence_unanswered(struct line *line, unsigned server,
				 const char *met, unsigned sends,
				 uint64_t since)
{
	char reason[REASON_SIZE];

	view_unanswered(reason, sizeof(reason), met, sends,
			clock_ms() - since);

	return evidence_failed(line, server, EVIDENCE_SILENCE, since, reason);
}


/**
 * A request that belongs neither to a call nor to a registration has been
 * answered "server unavailable". That may be true of a part of the server
 * alone, so it moves nothing, but the server is asked by a REGISTER.
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 */
void evidence_doubted(struct line *line, unsigned server, uint64_t since)
{
	struct decision d = {0};

	if (since < line->policy.started)
		return;

	binding_doubted(&line->policy, server, clock_ms(), &d);
	decide_take(line, &d);
}


/**
 * The connection that an account is registered over has ended
 *
 * @param line     Line
 * @param server   Server
 * @param lived_ms The account was registered over it for so long [ms]
 */
void evidence_flow_ended(struct line *line, unsigned server, uint64_t lived_ms)
{
	uint64_t since, wait;

	/* a transport error is a 503: RFC 3261 section 8.1.3.1 */
	if (txn_is_waiting(line, server, &since)) {
		evidence_failed(line, server, EVIDENCE_ERROR, since,
				"connection lost");
		return;
	}

	if (own_side_is_at_fault(line) ||
	    !flow_ended(&line->policy, server, lived_ms, clock_ms(),
			rand_u32(), &wait))
		return;

	subscription_lost(line, server);
	if (server == line->policy.target)
		presence_lost(line);

	report_flow_ended(line, server, wait);
	decide_start_timer(line);
}


/**
 * All servers were down, but the user wants something now
 *
 * @param line Line
 */
void evidence_wanted_now(struct line *line)
{
	struct decision d = {0};

	if (line->policy.state == POLICY_OFFLINE &&
	    path_find(line) == PATH_SAME)
		own_side_network_back(line);

	if (line->policy.state != POLICY_DOWN)
		return;

	(void)failback_probe(&line->policy, clock_ms(), &d);
	decide_take(line, &d);
}


/**
 * A de-registration of the account has ended
 *
 * @param line Line
 */
void evidence_deregistered(struct line *line)
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
void evidence_unregistered(struct line *line)
{
	const unsigned standby = line->policy.standby;
	struct decision d = {0};

	if (line->registering)
		return;

	policy_unregistered(&line->policy);

	/* Baresip de-registers with the server in use */
	if (standby && contact_in_use(line))
		(void)request_deregister(line, standby, contact_in_use(line));

	line->stale_contact = mem_deref(line->stale_contact);
	memset(&line->todo, 0, sizeof(line->todo));
	line->drop_requests = true;

	decide_take(line, &d);
}
