/**
 * @file evidence.c  What is seen of an account's servers
 *
 * Every sensor reports here. What is seen of Baresip's own REGISTER is in
 * registering.c, what is seen of the phone's own side in own_side.c. The
 * policy is asked in these three files what follows.
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
 * evidence_counts() refuses what is none.
 *
 * Two ways lead to the policy without such a report, and ask the same first:
 * the time of Baresip's REGISTER, which the policy keeps itself (WAIT_ANSWER,
 * action.c), and the ends of our own requests (check.c).
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "chance.h"
#include "clock.h"
#include "decide.h"
#include "error.h"
#include "evidence.h"
#include "failback.h"
#include "flow.h"
#include "line.h"
#include "lookup.h"
#include "own_side.h"
#include "path.h"
#include "policy.h"
#include "presence.h"
#include "report.h"
#include "subscription.h"
#include "target.h"
#include "txn.h"
#include "unwanted.h"
#include "view.h"


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


/**
 * Does a report count against its server? An answer came over a network that
 * is there; all else may be the phone's own side, or have begun before the
 * machine fell asleep.
 *
 * @param line   Line
 * @param kind   What kind of evidence it is
 * @param reason What was seen
 *
 * @return True if it does
 */
bool evidence_counts(struct line *line, enum evidence kind,
		     const char *reason)
{
	switch (kind) {

	case EVIDENCE_ANSWER:
		return true;

	case EVIDENCE_SILENCE:
		return !clock_has_jumped() && !own_side_is_at_fault(line);

	case EVIDENCE_ERROR:
		return !clock_has_jumped() && !own_side_is_at_fault(line) &&
			!path_is_settling(line, reason);

	case EVIDENCE_NONE:
		break;
	}

	return false;
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

	/* no answer can come to a socket that was closed since */
	if (kind != EVIDENCE_ANSWER && since < line->sockets_since)
		return VERDICT_VOID;

	if (!evidence_counts(line, kind, reason))
		return VERDICT_VOID;

	verdict = policy_failed(&line->policy, server, since, clock_ms(),
				chance_u32(), reason, &d);
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
	/* nor is an address blamed for what is the phone's own */
	if (lookup_defer(line, server, dst, since, reason) ||
	    !evidence_counts(line, EVIDENCE_ERROR, reason))
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
 * Is it the far end that a request waits for? A proxy sends 100 to an INVITE
 * only (RFC 4320 section 4.1). So if its server has answered another request
 * of the account meanwhile, it lives.
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param since  First transmission [ms]
 *
 * @return True if it is, so that its silence is no evidence
 */
bool evidence_is_far_end(const struct line *line, unsigned server,
			 const char *met, uint64_t since)
{
	return strcmp(met, "INVITE") &&
		line_server(line, server)->alive >= since;
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
			chance_u32(), &wait))
		return;

	(void)subscription_lost(line, server);
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
