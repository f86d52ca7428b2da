/**
 * @file action.c  What an account's policy has decided, done
 *
 * Called by decide.c, from a timer.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "action.h"
#include "bye.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "evidence.h"
#include "foreign.h"
#include "line.h"
#include "own_side.h"
#include "redial.h"
#include "registration.h"
#include "request.h"
#include "schedule.h"
#include "within.h"


static void describe(char *reason, size_t size, const struct line *line,
		     unsigned server, int err, const struct sip_msg *msg)
{
	char text[REASON_SIZE];

	if (err) {
		(void)re_snprintf(text, sizeof(text), "%m", err);
		line_describe_error(line, server, text, reason, size);
	}
	else {
		foreign_answer(reason, size, NULL, msg->scode, msg->reason.p,
			    msg->reason.l);
	}
}


static void probe_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	char reason[REASON_SIZE];
	struct decision d = {0};
	bool alive, good;

	if (err && own_side_is_at_fault(line))
		return;

	alive = !err && !codes_has(&line->set.codes, msg->scode);
	good  = alive && (msg->scode < 300 ||
			  line->set.probe == PROBE_OPTIONS);

	describe(reason, sizeof(reason), line, PRIMARY, err, msg);
	line->probe = mem_deref(line->probe);

	/* the next one is not to go the same way */
	if (err == ETIMEDOUT)
		line_end_dead(line, PRIMARY);

	failback_probed(&line->policy, good, alive, clock_ms(), rand_u32(),
			reason, &d);
	decide_take(line, &d);
}


static void renewal_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const bool ok = !err && msg->scode < 300;
	const bool failed = err || codes_has(&line->set.codes, msg->scode);
	char reason[REASON_SIZE];
	struct decision d = {0};

	if (err && own_side_is_at_fault(line))
		return;

	describe(reason, sizeof(reason), line, line->renewal_server, err,
		 msg);
	line->renewal = mem_deref(line->renewal);

	if (ok)
		contact_listed(line, msg);

	binding_renewed(&line->policy, ok, line->renewal_deregs, &d);
	decide_take(line, &d);

	if (failed)
		evidence_failed(line, line->renewal_server,
				line->renewal_since,
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

	if (err && own_side_is_at_fault(line))
		return;

	describe(reason, sizeof(reason), line, server, err, msg);

	if (alive && msg->scode < 300) {
		s = contact_granted_s(line, msg);
		if (!s)
			s = line_server(line, server)->regint;
		standby_ok(&line->policy, server, (uint64_t)s * 1000,
			   clock_ms(), rand_u32(), reason);
	}
	else {
		standby_failed(&line->policy, server, alive, clock_ms(),
			       rand_u32(), reason, &d);
	}

	line->standby = mem_deref(line->standby);
	decide_take(line, &d);
}


static void keepalive_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->keepalive_server;
	char reason[REASON_SIZE], text[REASON_SIZE] = "OPTIONS: ";
	const size_t len = strlen(text);

	line->keepalive = mem_deref(line->keepalive);

	if (!err && !codes_has(&line->set.codes, msg->scode)) {
		policy_alive(&line->policy, server);
		return;
	}

	describe(reason, sizeof(reason), line, server, err, msg);
	foreign_clean(text + len, sizeof(text) - len, reason, strlen(reason));
	evidence_failed(line, server, line->keepalive_since, text);
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


static void action_handler(struct line *line)
{
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
	redial_run(line);
	bye_run(line);
	within_run(line);
}


/** Begin to do what is decided */
void action_open(void)
{
	decide_open(action_handler);
}
