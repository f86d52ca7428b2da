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
#include "failover.h"
#include "transaction.h"


enum {
	REFRESH_PERCENT = 90,        /**< Of the expiry, as libre has it     */
};


/**
 * Baresip is about to register the account
 *
 * @param line Line
 */
void line_registering(struct line *line)
{
	struct decision d = {0};

	if (line->registering)
		return;

	/* it may have opened its sockets anew */
	mute_knock();

	/* Baresip reads the outbound proxy after this event */
	registration_aim(line, policy_registering(&line->policy, clock_ms()));
	line->todo.register_with = 0;

	line_decide(line, &d);
}


/**
 * The status code in a text of Baresip's
 *
 * @param text As "503 Service Unavailable", or an error in words
 *
 * @return Status code, 0 if it is an error
 */
uint16_t line_status_code(const char *text)
{
	struct pl pl = { .p = text, .l = 3 };

	for (unsigned i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
	}

	return text[3] == ' ' || !text[3] ? (uint16_t)pl_u32(&pl) : 0;
}


/**
 * Is a text what libre says of an error? Baresip hands on no more than that.
 *
 * @param text Error in words
 * @param err  Error code
 *
 * @return True if it is
 */
bool line_error_is(const char *text, int err)
{
	char buf[REASON_SIZE];

	(void)re_snprintf(buf, sizeof(buf), "%m", err);

	return !strcmp(text, buf);
}


/**
 * Baresip's registration has been answered, or has failed
 *
 * @param line Line
 * @param text The answer as "200 OK", or the error in words
 * @param ok   True if registered
 */
void line_register_result(struct line *line, const char *text, bool ok)
{
	struct policy *p = &line->policy;
	const uint64_t now = clock_ms();
	const uint16_t scode = line_status_code(text);
	char reason[REASON_SIZE];
	struct decision d = {0};

	/* of a client that is about to be replaced */
	if (line->client != p->target || line->todo.register_with)
		return;

	if (!ok && !scode && line_is_own_fault(line))
		return;

	if (!ok && path_is_settling(line, text)) {
		line_try_again(line);
		return;
	}

	if (ok) {
		line_is_online(line);
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

	line_decide(line, &d);
}


/**
 * Baresip's REGISTER is on the wire
 *
 * @param line   Line
 * @param server Server it goes to
 * @param since  Its first transmission [ms]
 * @param again  True for a retransmission
 */
void line_sent(struct line *line, unsigned server, uint64_t since, bool again)
{
	struct decision d = {0};

	if (since < line->policy.started)
		return;

	if (again) {
		if (line_is_own_fault(line))
			return;

		policy_resent(&line->policy, server, clock_ms(), rand_u32(),
			      &d);
		line_decide(line, &d);
	}
	else {
		policy_sent(&line->policy, server, since);
		line_start_timer(line);
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
void line_answered(struct line *line, unsigned server, uint64_t since,
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
		policy_challenged(&line->policy, server, clock_ms());
	else
		policy_answered(&line->policy, server);
	line_start_timer(line);
}


/**
 * A server has granted Baresip's registration
 *
 * @param line    Line
 * @param server  Server
 * @param expires Time that it granted [s]
 */
void line_granted(struct line *line, unsigned server, uint32_t expires)
{
	uint32_t rwait = REFRESH_PERCENT;
	struct pl pl;

	if (!expires)
		return;

	if (config_param(line, "rwait", &pl) && pl_u32(&pl))
		rwait = MIN(MAX(pl_u32(&pl), 5u), 95u);

	policy_granted(&line->policy, server, (uint64_t)expires * rwait * 10,
		       clock_ms());
	line_start_timer(line);
}


/**
 * A server has said when to come again
 *
 * @param line   Line
 * @param server Server
 * @param s      Time [s]
 */
void line_retry_after(struct line *line, unsigned server, uint32_t s)
{
	policy_retry_after(&line->policy, server, s, clock_ms());
}


/**
 * A request to a server has failed in a way that means "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 */
void line_failed(struct line *line, unsigned server, uint64_t since,
		 const char *reason)
{
	struct decision d = {0};

	if (line_is_own_fault(line) || path_is_settling(line, reason))
		return;

	policy_failed(&line->policy, server, since, clock_ms(), rand_u32(),
		      reason, &d);
	line_decide(line, &d);
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
bool line_goes_on(struct line *line, unsigned server, const struct sa *dst)
{
	struct server *srv = &line->serverv[server - 1];
	const uint64_t now = clock_ms();

	server_target_failed(srv, dst, false, now);

	return server_has_target(srv, now);
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
void line_unreachable(struct line *line, unsigned server,
		      const struct sa *dst, uint64_t since, const char *reason)
{
	if (lookup_defer(line, server, dst, since, reason))
		return;

	if (line_goes_on(line, server, dst))
		txn_refuse(line, server, dst);
	else
		line_failed(line, server, since, reason);
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
void line_refused(struct line *line, unsigned server, uint64_t since,
		  const char *reason, unsigned before)
{
	policy_failed_before(&line->policy, server, before);
	line_failed(line, server, since, reason);
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
void line_unanswered(struct line *line, unsigned server, const char *met,
		     unsigned sends, uint64_t since)
{
	char reason[REASON_SIZE];

	policy_describe_unanswered(reason, sizeof(reason), met, sends,
				   clock_ms() - since);
	line_failed(line, server, since, reason);
}


/**
 * All servers were down, but the user wants something now
 *
 * @param line Line
 */
void line_retry(struct line *line)
{
	struct decision d = {0};

	if (line->policy.state == POLICY_OFFLINE &&
	    path_look(line) == PATH_SAME)
		line_network_back(line);

	if (line->policy.state != POLICY_DOWN)
		return;

	(void)policy_probe(&line->policy, clock_ms(), &d);
	line_decide(line, &d);
}


/**
 * A de-registration of the account has ended
 *
 * @param line Line
 */
void line_deregistered(struct line *line)
{
	struct decision d = {0};

	/* what was listed before is out of date */
	line->left = mem_deref(line->left);

	policy_deregistered(&line->policy, &d);
	line_decide(line, &d);
}


/**
 * The account is taken off the registrar, by the user or because it is going
 *
 * @param line Line
 */
void line_unregistered(struct line *line)
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

	line_decide(line, &d);
}
