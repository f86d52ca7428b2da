/**
 * @file check.c  Our own requests, and their outcomes
 *
 * Each kind has a struct check in its account, a function that sends it, and a
 * row in the table of outcomes at the end of this file.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "chance.h"
#include "check.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "evidence.h"
#include "failback.h"
#include "foreign.h"
#include "grant.h"
#include "keepalive.h"
#include "line.h"
#include "policy.h"
#include "reason.h"
#include "registering.h"
#include "request.h"
#include "schedule.h"
#include "settings.h"
#include "stall.h"
#include "standby.h"
#include "view.h"


/** How a request has ended, and the evidence */
struct end {
	struct line *line;
	const struct check *check;
	int err;                     /**< 0: there is an answer              */
	const struct sip_msg *msg;   /**< ... this one                       */
	struct outcome o;
	char reason[REASON_SIZE];    /**< Text of `o`                        */
};


static void describe(char *reason, size_t size, const struct line *line,
		     unsigned server, int err, const struct sip_msg *msg)
{
	char text[REASON_SIZE];

	if (err) {
		(void)re_snprintf(text, sizeof(text), "%m", err);
		reason_describe(line_server(line, server), text, reason,
				size);
	}
	else {
		foreign_answer(reason, size, NULL, msg->scode, msg->reason.p,
			    msg->reason.l);
	}
}


/* A 2xx to REGISTER is good if it grants some time */
static bool is_granted(struct outcome *o, const struct check *check,
		       const struct sip_msg *msg, char *reason, size_t size)
{
	const struct line *line = check->line;
	char text[REASON_SIZE];
	struct grant grant;

	registering_grant(&grant, line, msg,
			  line_server(line, check->server)->regint,
			  check->since);
	o->lapse_ms = grant.lapse_ms;

	if (grant.useless) {
		(void)str_ncpy(text, reason, sizeof(text));
		grant_describe(&grant, text, reason, size);
	}

	return !grant.useless;
}


/* Describe how a request of ours has ended */
static void end_init(struct end *end, struct check *check, int err,
		     const struct sip_msg *msg)
{
	struct line *line = check->line;
	struct outcome *o = &end->o;

	memset(end, 0, sizeof(*end));
	end->line  = line;
	end->check = check;
	end->err   = err;
	end->msg   = msg;

	describe(end->reason, sizeof(end->reason), line, check->server, err,
		 msg);

	o->alive   = !err && !settings_has_code(&line->set.codes, msg->scode);
	o->ok      = o->alive && msg->scode < 300;
	o->took_ms = request_took_ms(check->req);
	o->reason  = end->reason;

	if (o->ok && !pl_strcmp(&msg->cseq.met, "REGISTER"))
		o->ok = is_granted(o, check, msg, end->reason,
				   sizeof(end->reason));
}


/* A server is left only after the next one has the registration */
static bool is_leaving(const struct line *line)
{
	return state_in_maintenance(&line->policy, line->policy.target);
}


static bool probes_by_options(const struct line *line)
{
	return line->set.probe == PROBE_OPTIONS && !is_leaving(line);
}


static void probe_ended(struct end *end, struct decision *d)
{
	const unsigned server = end->check->server;
	struct line *line = end->line;

	if (probes_by_options(line))
		end->o.ok = end->o.alive;

	/* the next request must not use the same connection */
	if (end->err == ETIMEDOUT)
		stall_end(line, server);

	failback_probed(&line->policy, server, &end->o, clock_ms(),
			chance_u32(), d);
}


static void probe_not_sent(struct line *line)
{
	failback_not_sent(&line->policy, clock_ms(), chance_u32());
}


static void renewal_ended(struct end *end, struct decision *d)
{
	const struct check *check = end->check;
	struct line *line = end->line;
	bool failed;

	if (end->err == ETIMEDOUT)
		view_unanswered(end->reason, sizeof(end->reason), "REGISTER",
				request_is_sent(check->req),
				clock_ms() - check->since);

	/* a 2xx that grants no time counts as no answer */
	failed = !end->o.alive || (!end->o.ok && end->msg->scode < 300);
	end->o.alive = !failed;

	if (end->o.ok)
		contact_listed(line, end->msg);

	binding_renewed(&line->policy, &end->o, check->deregs, clock_ms(), d);

	if (failed)
		evidence_failed(line, check->server, evidence_of(end->err),
				check->since, end->reason);
}


static void renewal_not_sent(struct line *line)
{
	binding_not_sent(&line->policy, clock_ms());
}


static void standby_ended(struct end *end, struct decision *d)
{
	struct policy *p = &end->line->policy;

	if (end->o.ok)
		standby_ok(p, end->check->server, end->o.lapse_ms, clock_ms(),
			   chance_u32(), end->reason);
	else
		standby_failed(p, end->check->server, end->o.alive,
			       clock_ms(), chance_u32(), end->reason, d);
}


static void standby_unsent(struct line *line)
{
	standby_not_sent(&line->policy, clock_ms());
}


static void keepalive_ended(struct end *end, struct decision *d)
{
	const struct check *check = end->check;
	char text[REASON_SIZE] = "OPTIONS: ";
	const size_t len = strlen(text);
	(void)d;

	if (end->o.alive) {
		keepalive_answered(&end->line->policy, check->server);
		return;
	}

	if (end->err == ETIMEDOUT) {
		evidence_unanswered(end->line, check->server, "OPTIONS",
				    request_sends(check->req), check->since);
		return;
	}

	foreign_clean(text + len, sizeof(text) - len, end->reason,
		      strlen(end->reason));
	evidence_failed(end->line, check->server, evidence_of(end->err),
			check->since, text);
}


/* The next OPTIONS is scheduled already */
static void keepalive_not_sent(struct line *line)
{
	(void)line;
}


/* Its end is seen on the wire, and has the binding renewed: binding.c */
static void unbind_ended(struct end *end, struct decision *d)
{
	(void)end;
	(void)d;
}


static void unbind_not_sent(struct line *line)
{
	decide_go_on(line);
}


/* The table of outcomes: how an end is handled, and a request that could not
   be sent, for example for lack of memory */
static const struct {
	void (*ended)(struct end *end, struct decision *d);
	void (*not_sent)(struct line *line);
} kindv[CHECKS] = {
	[CHECK_PROBE]     = { probe_ended,     probe_not_sent     },
	[CHECK_KEEPALIVE] = { keepalive_ended, keepalive_not_sent },
	[CHECK_RENEWAL]   = { renewal_ended,   renewal_not_sent   },
	[CHECK_STANDBY]   = { standby_ended,   standby_unsent     },
	[CHECK_UNBIND]    = { unbind_ended,    unbind_not_sent    },
};


/* An error is evidence of the server, or of nothing: see evidence.c */
static bool is_evidence(struct line *line, int err)
{
	char text[REASON_SIZE];

	(void)re_snprintf(text, sizeof(text), "%m", err);

	return evidence_counts(line, evidence_of(err), text);
}


static void check_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct check *check = arg;
	struct line *line = check->line;
	const enum check_kind kind = check - line->checkv;
	struct decision d = {0};
	struct end end;

	if (err && !is_evidence(line, err)) {
		check_drop(line, kind);
		kindv[kind].not_sent(line);
		decide_start_timer(line);
		return;
	}

	end_init(&end, check, err, msg);
	kindv[kind].ended(&end, &d);
	check_drop(line, kind);
	decide_take(line, &d);
}


/* Requests use the Contact of the server in use, so servers that share their
   location table keep one binding. The failback check uses the Contact of its
   own transport. */
static int send_request(struct line *line, enum check_kind kind)
{
	struct check *check = &line->checkv[kind];
	const uint32_t ms = kind == CHECK_PROBE ?
		failback_given_ms(&line->policy, clock_ms()) :
		schedule_giveup_ms(&line->set, false);

	if (kind == CHECK_KEEPALIVE ||
	    (kind == CHECK_PROBE && probes_by_options(line)))
		return request_options(&check->req, line, check->server, ms,
				       check_handler, check);

	if (kind == CHECK_UNBIND)
		return request_deregister(&check->req, line, check->server,
					  contact_in_use(line), check_handler,
					  check);

	return request_register(&check->req, line, check->server,
				kind == CHECK_PROBE ? NULL :
				contact_in_use(line), ms, check_handler,
				check);
}


/**
 * Send a request of our own. It replaces one of the same kind. But a
 * keep-alive to the same server goes on, since it has its own time.
 *
 * @param line   Line
 * @param kind   What it is for
 * @param server Server
 */
void check_send(struct line *line, enum check_kind kind, unsigned server)
{
	struct check *check = &line->checkv[kind];
	int err;

	if (kind == CHECK_KEEPALIVE && check->req && check->server == server)
		return;

	check_drop(line, kind);
	check->line   = line;
	check->server = server;
	check->since  = clock_ms();
	check->deregs = line->policy.deregs;

	err = send_request(line, kind);
	if (err)
		check_handler(err, NULL, check);
}


/**
 * Drop a request of our own
 *
 * @param line Line
 * @param kind What it is for
 */
void check_drop(struct line *line, enum check_kind kind)
{
	line->checkv[kind].req = mem_deref(line->checkv[kind].req);
}
