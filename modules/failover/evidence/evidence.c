/**
 * @file evidence.c  What is seen of an account's servers
 *
 * Every sensor reports here, and here alone the policy is asked what follows;
 * own_side.c has what is the phone's own side.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "config.h"
#include "contact.h"
#include "decide.h"
#include "error.h"
#include "evidence.h"
#include "line.h"
#include "lookup.h"
#include "own_side.h"
#include "path.h"
#include "registration.h"
#include "request.h"
#include "sockets.h"
#include "target.h"
#include "unwanted.h"


enum {
	REFRESH_PERCENT = 90,        /**< Of the expiry, as libre has it     */
};


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
	sockets_look();

	/* Baresip reads the outbound proxy after this event */
	registration_aim(line, policy_registering(&line->policy, clock_ms()));
	line->todo.register_with = 0;

	decide_take(line, &d);
}


/**
 * Baresip's registration has been answered, or has failed
 *
 * @param line Line
 * @param text The answer as "200 OK", or the error in words
 * @param ok   True if registered
 */
void evidence_register_result(struct line *line, const char *text, bool ok)
{
	struct policy *p = &line->policy;
	const uint64_t now = clock_ms();
	const uint16_t scode = error_status_code(text);
	char reason[REASON_SIZE];
	struct decision d = {0};

	/* of a client that is about to be replaced */
	if (line->client != p->target || line->todo.register_with)
		return;

	if (!ok && !scode && own_side_is_at_fault(line))
		return;

	if (!ok && path_is_settling(line, text)) {
		own_side_try_again(line);
		return;
	}

	if (ok) {
		own_side_online(line);
		path_note(line);
		policy_registered(p, now, rand_u32(), text, &d);
	}
	else if (!scode) {
		line_describe_error(line, p->target, text, reason,
				    sizeof(reason));
		policy_failed(p, p->target, now, now, rand_u32(), reason, &d);
	}
	else if (codes_has(&line->set.codes, scode))
		policy_failed(p, p->target, now, now, rand_u32(), text, &d);
	else
		policy_refused(p, now, rand_u32(), text);

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

		register_resent(&line->policy, server, clock_ms(), rand_u32(),
				&d);
		decide_take(line, &d);
	}
	else {
		register_sent(&line->policy, server, since);
		decide_start_timer(line);
	}
}


/**
 * Baresip's REGISTER has a final answer
 *
 * @param line   Line
 * @param server Server that answered
 * @param since  First transmission of the request [ms]
 * @param scode  Status code
 */
void evidence_answered(struct line *line, unsigned server, uint64_t since,
		       uint16_t scode)
{
	/* libre may go on to another address of that server by itself: the
	   server's time runs on until Baresip tells that it has failed */
	if (since < line->policy.started ||
	    codes_has(&line->set.codes, scode))
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
 * A server has granted Baresip's registration
 *
 * @param line    Line
 * @param server  Server
 * @param expires Time that it granted [s]
 */
void evidence_granted(struct line *line, unsigned server, uint32_t expires)
{
	uint32_t rwait = REFRESH_PERCENT;
	struct pl pl;

	if (!expires)
		return;

	if (config_param(line, "rwait", &pl) && pl_u32(&pl))
		rwait = MIN(MAX(pl_u32(&pl), 5u), 95u);

	register_granted(&line->policy, server, (uint64_t)expires * rwait * 10,
			 clock_ms());
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
	round_retry_after(&line->policy, server, s, clock_ms());
}


/**
 * A request to a server has failed in a way that means "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 */
void evidence_failed(struct line *line, unsigned server, uint64_t since,
		     const char *reason)
{
	struct decision d = {0};

	if (own_side_is_at_fault(line) || path_is_settling(line, reason))
		return;

	policy_failed(&line->policy, server, since, clock_ms(), rand_u32(),
		      reason, &d);
	decide_take(line, &d);
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
 * An address of a server is closed: its host says so. libre's sockets do not
 * hear that; told of it, it goes on to the next address of the server's name.
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
		evidence_failed(line, server, since, reason);
}


/**
 * A request has been answered "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 * @param before How often the same request was answered so before
 */
void evidence_refused(struct line *line, unsigned server, uint64_t since,
		      const char *reason, unsigned before)
{
	policy_failed_before(&line->policy, server, before);
	evidence_failed(line, server, since, reason);
}


/**
 * A request has been without any answer for as long as a server is given
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param sends  Transmissions seen, 0 or 1 if it is not retransmitted
 * @param since  First transmission [ms]
 */
void evidence_unanswered(struct line *line, unsigned server, const char *met,
			 unsigned sends, uint64_t since)
{
	char reason[REASON_SIZE];

	view_unanswered(reason, sizeof(reason), met, sends,
			clock_ms() - since);
	evidence_failed(line, server, since, reason);
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
	    path_look(line) == PATH_SAME)
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
	line->left = mem_deref(line->left);

	binding_deregistered(&line->policy, &d);
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

	policy_unregistered(&line->policy);

	/* Baresip de-registers with the server in use */
	if (standby && contact_in_use(line))
		(void)request_deregister(line, standby, contact_in_use(line));

	line->left = mem_deref(line->left);
	memset(&line->todo, 0, sizeof(line->todo));
	line->drop = true;

	decide_take(line, &d);
}
