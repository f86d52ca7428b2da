/**
 * @file action.c  What an account's policy has decided, done
 *
 * A decision is told at once and done a moment later, from a timer: Baresip
 * and libre may be in the middle of the very thing that it is about.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "failover.h"
#include "schedule.h"
#include "transaction.h"


static void describe(char *reason, size_t size, const struct line *line,
		     unsigned server, int err, const struct sip_msg *msg)
{
	char text[REASON_SIZE];

	if (err) {
		(void)re_snprintf(text, sizeof(text), "%m", err);
		line_describe_error(line, server, text, reason, size);
	}
	else {
		(void)re_snprintf(reason, size, "%u %r", msg->scode,
				  &msg->reason);
	}
}


static void probe_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	char reason[REASON_SIZE];
	struct decision d = {0};
	bool alive, good;

	if (err && line_is_own_fault(line))
		return;

	alive = !err && !codes_has(&line->set.codes, msg->scode);
	good  = alive && (msg->scode < 300 ||
			  line->set.probe == PROBE_OPTIONS);

	describe(reason, sizeof(reason), line, PRIMARY, err, msg);
	line->probe = mem_deref(line->probe);

	/* the next one is not to go the same way */
	if (err == ETIMEDOUT)
		line_end_dead(line, PRIMARY);

	policy_probed(&line->policy, good, alive, clock_ms(), rand_u32(),
		      reason, &d);
	line_decide(line, &d);
}


static void renewal_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const bool ok = !err && msg->scode < 300;
	const bool failed = err || codes_has(&line->set.codes, msg->scode);
	char reason[REASON_SIZE];
	struct decision d = {0};

	if (err && line_is_own_fault(line))
		return;

	describe(reason, sizeof(reason), line, line->renewal_server, err,
		 msg);
	line->renewal = mem_deref(line->renewal);

	if (ok)
		contact_listed(line, msg);

	policy_renewed(&line->policy, ok, line->renewal_deregs, &d);
	line_decide(line, &d);

	if (failed)
		line_failed(line, line->renewal_server, line->renewal_since,
			    reason);
}


static void standby_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->standby_server;
	const bool alive = !err && !codes_has(&line->set.codes, msg->scode);
	char reason[REASON_SIZE];
	struct decision d = {0};
	uint32_t s;

	if (err && line_is_own_fault(line))
		return;

	describe(reason, sizeof(reason), line, server, err, msg);

	if (alive && msg->scode < 300) {
		s = contact_granted_s(line, msg);
		if (!s)
			s = line_server(line, server)->regint;
		policy_standby_ok(&line->policy, server, (uint64_t)s * 1000,
				  clock_ms(), rand_u32(), reason);
	}
	else {
		policy_standby_failed(&line->policy, server, alive, clock_ms(),
				      rand_u32(), reason, &d);
	}

	line->standby = mem_deref(line->standby);
	line_decide(line, &d);
}


static void keepalive_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->keepalive_server;
	char reason[REASON_SIZE], text[REASON_SIZE];

	line->keepalive = mem_deref(line->keepalive);

	if (!err && !codes_has(&line->set.codes, msg->scode)) {
		policy_alive(&line->policy, server);
		return;
	}

	describe(reason, sizeof(reason), line, server, err, msg);
	(void)re_snprintf(text, sizeof(text), "OPTIONS: %s", reason);
	line_failed(line, server, line->keepalive_since, text);
}


static void do_keepalive(struct line *line)
{
	/* the one before is judged by its own time */
	if (line->keepalive && line->keepalive_server == line->policy.target)
		return;

	line->keepalive = mem_deref(line->keepalive);
	line->keepalive_server = line->policy.target;
	line->keepalive_since  = clock_ms();

	if (request_options(&line->keepalive, line, line->keepalive_server,
			    schedule_giveup_ms(&line->set, false),
			    keepalive_handler, line))
		keepalive_handler(ENOMEM, NULL, line);
}


static void do_probe(struct line *line)
{
	int err;

	line->probe = mem_deref(line->probe);

	if (line->set.probe == PROBE_OPTIONS)
		err = request_options(&line->probe, line, PRIMARY,
				      TRANSACTION_MS, probe_handler, line);
	else
		err = request_register(&line->probe, line, PRIMARY,
				       NULL, TRANSACTION_MS, probe_handler,
				       line);
	if (err)
		probe_handler(err, NULL, line);
}


static void do_renew(struct line *line)
{
	line->renewal = mem_deref(line->renewal);
	line->renewal_deregs = line->policy.deregs;
	line->renewal_since  = clock_ms();
	line->renewal_server = line->policy.target;

	if (request_register(&line->renewal, line, line->renewal_server,
			     contact_in_use(line),
			     schedule_giveup_ms(&line->set, false),
			     renewal_handler, line))
		renewal_handler(ENOMEM, NULL, line);
}


/* The Contact of the server in use: should they share their location table,
   there is one binding */
static void do_standby(struct line *line, unsigned server)
{
	line->standby = mem_deref(line->standby);
	line->standby_server = server;

	if (request_register(&line->standby, line, server,
			     contact_in_use(line),
			     schedule_giveup_ms(&line->set, false),
			     standby_handler, line))
		standby_handler(ENOMEM, NULL, line);
}


/* What we have asked ourselves, and sockets that may have an address which is
   gone */
static void drop(struct line *line)
{
	line->drop = false;

	line->probe     = mem_deref(line->probe);
	line->keepalive = mem_deref(line->keepalive);
	if (!line->policy.standby_asked)
		line->standby = mem_deref(line->standby);
	if (!line->policy.renewing)
		line->renewal = mem_deref(line->renewal);

	for (unsigned i = 0; i < MAX_SERVERS; i++)
		line->pokev[i] = mem_deref(line->pokev[i]);
}


static void todo_handler(void *arg)
{
	struct line *line = arg;
	const struct decision todo = line->todo;

	memset(&line->todo, 0, sizeof(line->todo));

	if (line->drop)
		drop(line);

	if (todo.register_with) {
		if (line->renewal_server != todo.register_with)
			line->renewal = mem_deref(line->renewal);

		registration_move(line, todo.register_with);
	}
	if (todo.probe)
		do_probe(line);
	if (todo.renew)
		do_renew(line);
	if (todo.standby)
		do_standby(line, todo.standby);
	if (todo.keepalive)
		do_keepalive(line);

	contact_clean_up(line);
	dial_run(line);
	bye_run(line);
}


static void policy_handler(void *arg)
{
	struct line *line = arg;
	struct decision d = {0};

	if (line->policy.pending && line_is_own_fault(line))
		return;

	policy_tick(&line->policy, clock_ms(), rand_u32(), &d);
	line_decide(line, &d);
}


/**
 * Wake up when the policy wants to know the time
 *
 * @param line Line
 */
void line_start_timer(struct line *line)
{
	uint64_t now = clock_ms(), when;

	if (policy_next(&line->policy, &when))
		tmr_start(&line->tmr_policy, when > now ? when - now : 0,
			  policy_handler, line);
	else
		tmr_cancel(&line->tmr_policy);
}


/**
 * Tell a decision, and do it as soon as it is safe
 *
 * @param line Line
 * @param d    Decision
 */
void line_decide(struct line *line, const struct decision *d)
{
	report_decision(line, d);

	if ((d->tell == TELL_SWITCH && !d->by_command) ||
	    d->tell == TELL_EXHAUSTED) {
		txn_give_up(line, d->from);
		line_end_dead(line, d->from);
	}

	if (d->register_with)
		line->todo.register_with = d->register_with;

	if (d->standby)
		line->todo.standby = d->standby;

	line->todo.probe     |= d->probe;
	line->todo.renew     |= d->renew;
	line->todo.keepalive |= d->keepalive;

	line_go_on(line);
	line_start_timer(line);
}


/**
 * Do what is to be done, as soon as it is safe
 *
 * @param line Line
 */
void line_go_on(struct line *line)
{
	tmr_start(&line->tmr_todo, 0, todo_handler, line);
}


/**
 * Send OPTIONS to a server, as the keep-alive does, if it is the one in use
 *
 * @param line   Line
 * @param server Server that something is to be learned of
 */
void line_ask(struct line *line, unsigned server)
{
	if (server != line->policy.target)
		return;

	line->todo.keepalive = true;
	line_go_on(line);
}
