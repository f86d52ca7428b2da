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
#include "binding.h"
#include "bye.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "error.h"
#include "evidence.h"
#include "failback.h"
#include "foreign.h"
#include "grant.h"
#include "line.h"
#include "own_side.h"
#include "policy.h"
#include "reason.h"
#include "redial.h"
#include "registration.h"
#include "request.h"
#include "schedule.h"
#include "settings.h"
#include "stall.h"
#include "standby.h"
#include "state.h"
#include "subscription.h"
#include "trace.h"
#include "view.h"
#include "watch.h"
#include "within.h"


enum {
	NOTICE_MS = 1,               /**< libre looks at its sockets by then */
};


static void describe(char *reason, size_t size, const struct line *line,
		     unsigned server, int err, const struct sip_msg *msg)
{
	char text[REASON_SIZE];

	if (err) {
		(void)re_snprintf(text, sizeof(text), "%m", err);
		reason_describe(line, server, text, reason, size);
	}
	else {
		foreign_answer(reason, size, NULL, msg->scode, msg->reason.p,
			    msg->reason.l);
	}
}


/* A 2xx to a REGISTER is good if it grants any time */
static bool is_granted(struct outcome *o, const struct line *line,
		       unsigned server, const struct sip_msg *msg,
		       char *reason, size_t size)
{
	char text[REASON_SIZE];
	struct grant grant;

	evidence_decode_grant(&grant, line, msg,
			      line_server(line, server)->regint);
	o->lapse_ms = grant.lapse_ms;

	if (grant.useless) {
		(void)str_ncpy(text, reason, sizeof(text));
		grant_describe(&grant, text, reason, size);
	}

	return !grant.useless;
}


/* How a request of ours has ended. `reason` has to live as long. */
static void outcome_init(struct outcome *o, const struct line *line,
			 unsigned server, const struct request *req, int err,
			 const struct sip_msg *msg, char *reason, size_t size)
{
	memset(o, 0, sizeof(*o));
	describe(reason, size, line, server, err, msg);

	o->alive   = !err && !codes_has(&line->set.codes, msg->scode);
	o->ok      = o->alive && msg->scode < 300;
	o->took_ms = request_took_ms(req);
	o->reason  = reason;

	if (o->ok && !pl_strcmp(&msg->cseq.met, "REGISTER"))
		o->ok = is_granted(o, line, server, msg, reason, size);
}


static void probe_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	char reason[REASON_SIZE];
	struct decision d = {0};
	struct outcome o;

	if (error_is_want(err)) {
		line->probe = mem_deref(line->probe);
		failback_not_sent(&line->policy, clock_ms(), rand_u32());
		decide_start_timer(line);
		return;
	}

	if (err && own_side_is_at_fault(line))
		return;

	outcome_init(&o, line, PRIMARY, line->probe, err, msg, reason,
		     sizeof(reason));
	if (line->set.probe == PROBE_OPTIONS)
		o.ok = o.alive;

	line->probe = mem_deref(line->probe);

	/* the next one is not to go the same way */
	if (err == ETIMEDOUT)
		stall_end(line, PRIMARY);

	failback_probed(&line->policy, &o, clock_ms(), rand_u32(), &d);
	decide_take(line, &d);
}


/* Of a renewal that had no answer */
static void describe_silence(const struct line *line, char *reason,
			     size_t size)
{
	view_unanswered(reason, size, "REGISTER",
			request_is_sent(line->renewal),
			clock_ms() - line->renewal_since);
}


static void renewal_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	char reason[REASON_SIZE];
	struct decision d = {0};
	struct outcome o;
	bool failed;

	if (error_is_want(err)) {
		line->renewal = mem_deref(line->renewal);
		binding_not_sent(&line->policy, clock_ms());
		decide_start_timer(line);
		return;
	}

	if (err && own_side_is_at_fault(line))
		return;

	outcome_init(&o, line, line->renewal_server, line->renewal, err, msg,
		     reason, sizeof(reason));
	if (err == ETIMEDOUT)
		describe_silence(line, reason, sizeof(reason));

	/* a 2xx that grants no time is as good as none */
	failed = !o.alive || (!o.ok && msg->scode < 300);
	o.alive = !failed;

	line->renewal = mem_deref(line->renewal);

	if (o.ok)
		contact_listed(line, msg);

	binding_renewed(&line->policy, &o, line->renewal_deregs, clock_ms(),
			&d);
	decide_take(line, &d);

	if (failed)
		evidence_failed(line, line->renewal_server, evidence_of(err),
				line->renewal_since, reason);
}


static void standby_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->standby_server;
	char reason[REASON_SIZE];
	struct decision d = {0};
	struct outcome o;

	if (error_is_want(err)) {
		line->standby = mem_deref(line->standby);
		standby_not_sent(&line->policy, clock_ms());
		decide_start_timer(line);
		return;
	}

	if (err && own_side_is_at_fault(line))
		return;

	outcome_init(&o, line, server, line->standby, err, msg, reason,
		     sizeof(reason));

	if (o.ok)
		standby_ok(&line->policy, server, o.lapse_ms, clock_ms(),
			   rand_u32(), reason);
	else
		standby_failed(&line->policy, server, o.alive, clock_ms(),
			       rand_u32(), reason, &d);

	line->standby = mem_deref(line->standby);
	decide_take(line, &d);
}


static void keepalive_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->keepalive_server;
	char reason[REASON_SIZE], text[REASON_SIZE] = "OPTIONS: ";
	const size_t len = strlen(text);
	const unsigned sends = line->keepalive ?
		request_sends(line->keepalive) : 0;

	line->keepalive = mem_deref(line->keepalive);

	/* the next one is on the list */
	if (error_is_want(err))
		return;

	if (!err && !codes_has(&line->set.codes, msg->scode)) {
		policy_alive(&line->policy, server);
		return;
	}

	if (err == ETIMEDOUT) {
		evidence_unanswered(line, server, "OPTIONS", sends,
				    line->keepalive_since);
		return;
	}

	describe(reason, sizeof(reason), line, server, err, msg);
	foreign_clean(text + len, sizeof(text) - len, reason, strlen(reason));
	evidence_failed(line, server, evidence_of(err), line->keepalive_since,
			text);
}


static void do_keepalive(struct line *line)
{
	int err;

	/* the one before is judged by its own time */
	if (line->keepalive && line->keepalive_server == line->policy.target)
		return;

	line->keepalive = mem_deref(line->keepalive);
	line->keepalive_server = line->policy.target;
	line->keepalive_since  = clock_ms();

	err = request_options(&line->keepalive, line, line->keepalive_server,
			      schedule_giveup_ms(&line->set, false),
			      keepalive_handler, line);
	if (err)
		keepalive_handler(err, NULL, line);
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
	int err;

	line->renewal = mem_deref(line->renewal);
	line->renewal_deregs = line->policy.deregs;
	line->renewal_since  = clock_ms();
	line->renewal_server = line->policy.target;

	err = request_register(&line->renewal, line, line->renewal_server,
			       contact_in_use(line),
			       schedule_giveup_ms(&line->set, false),
			       renewal_handler, line);
	if (err)
		renewal_handler(err, NULL, line);
}


/* The Contact of the server in use: should they share their location table,
   there is one binding */
static void do_standby(struct line *line, unsigned server)
{
	int err;

	line->standby = mem_deref(line->standby);
	line->standby_server = server;

	err = request_register(&line->standby, line, server,
			       contact_in_use(line),
			       schedule_giveup_ms(&line->set, false),
			       standby_handler, line);
	if (err)
		standby_handler(err, NULL, line);
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

	if (todo.register_with &&
	    subscription_leave(line, todo.register_with)) {
		decide_wait(line, NOTICE_MS);
		return;
	}

	memset(&line->todo, 0, sizeof(line->todo));

	if (line->drop)
		drop(line);

	if (line->stop && !todo.register_with)
		registration_stop(line);
	line->stop = false;

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

	watch_clean_up(line);
	contact_clean_up(line);
	redial_run(line);
	bye_run(line);
	within_run(line);
}


static void time_handler(struct line *line)
{
	struct decision d = {0};

	trace_check();

	if (policy_waits(&line->policy, WAIT_ANSWER) &&
	    own_side_is_at_fault(line))
		return;

	policy_tick(&line->policy, clock_ms(), rand_u32(), &d);
	decide_take(line, &d);
}


/** Begin to do what is decided */
void action_open(void)
{
	decide_open(action_handler, time_handler);
}
