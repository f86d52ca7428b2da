/**
 * @file phone.c  A phone: what it sends, and what happens to it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "failback.h"
#include "fleet_parts.h"
#include "flow.h"
#include "flow.h"
#include "keepalive.h"
#include "policy.h"
#include "register.h"
#include "schedule.h"


enum {
	ANSWER_MS = 20,              /**< A server's time to answer          */
};


/*
 * Requests
 */

static void transmit(struct fleet *f, struct phone *ph, enum kind kind)
{
	struct request *req = &ph->reqv[kind];
	const uint64_t interval = (uint64_t)T1_MS << req->sends;
	const bool is_register = kind != KEEPALIVE;

	if (is_register)
		++ph->sent[req->server - 1];

	if (fleet_send(f, req->server, is_register) && req->answer == NEVER)
		req->answer = f->now + ANSWER_MS;

	++req->sends;
	req->next = f->now + (interval < T2_MS ? interval : T2_MS);
}


static void begin(struct fleet *f, struct phone *ph, enum kind kind,
		  unsigned server)
{
	struct request *req = &ph->reqv[kind];

	memset(req, 0, sizeof(*req));
	req->server = server;
	req->since  = f->now;
	req->answer = NEVER;
	transmit(f, ph, kind);
}


static void send_register(struct fleet *f, struct phone *ph, unsigned server)
{
	ph->refresh = NEVER;
	register_sent(&ph->policy, server, f->now);
	begin(f, ph, REG, server);
}


/* As action.c does it */
static void act(struct fleet *f, struct phone *ph, const struct decision *d)
{
	if (d->tell == TELL_EXHAUSTED)
		ph->reqv[REG].server = 0;
	if (d->register_with)
		send_register(f, ph, d->register_with);
	if (d->probe)
		begin(f, ph, CHECK, PRIMARY);
	if (d->keepalive && ph->reqv[KEEPALIVE].server != ph->policy.target)
		begin(f, ph, KEEPALIVE, ph->policy.target);
}


/*
 * What happens to a phone
 */

static void answered(struct fleet *f, struct phone *ph, enum kind kind)
{
	const unsigned server = ph->reqv[kind].server;
	const struct grant grant = {
		.lapse_ms   = EXPIRES_S * 1000,
		.refresh_ms = REFRESH_S * 1000,
	};
	const struct outcome good = { .ok = true, .alive = true,
				      .reason = "200 OK" };
	struct policy *p = &ph->policy;
	struct decision d = {0};

	ph->reqv[kind].server = 0;

	switch (kind) {

	case REG:
		ph->refresh = f->now + REFRESH_S * 1000;
		register_answered(p, server);
		policy_registered(p, f->now, fleet_rnd(f), "200 OK", &d);
		binding_granted(p, &grant, f->now);
		break;

	case CHECK:
		failback_probed(p, p->probing, &good, f->now,
				fleet_rnd(f), &d);
		break;

	default:
		keepalive_answered(p, server);
		break;
	}

	act(f, ph, &d);
}


/* Is the request's time up, and what follows? */
static bool given_up(struct fleet *f, struct phone *ph, enum kind kind,
		     struct decision *d)
{
	const struct request *req = &ph->reqv[kind];
	const uint64_t spent = f->now - req->since;
	const struct outcome silent = { .reason = "silent" };
	struct policy *p = &ph->policy;

	switch (kind) {

	case REG:
		if (policy_resent(p, req->server, f->now))
			policy_time_is_up(p, f->now, fleet_rnd(f), d);
		return d->register_with || d->tell == TELL_EXHAUSTED;

	case CHECK:
		if (spent < TRANSACTION_MS)
			return false;

		failback_probed(p, p->probing, &silent, f->now,
				fleet_rnd(f), d);
		return true;

	default:
		if (spent < schedule_giveup_ms(&f->plan.set, false))
			return false;

		policy_failed(p, req->server, req->since, f->now, fleet_rnd(f),
			      "silent", d);
		return true;
	}
}


static void resend(struct fleet *f, struct phone *ph, enum kind kind)
{
	struct decision d = {0};

	if (given_up(f, ph, kind, &d))
		ph->reqv[kind].server = 0;
	else
		transmit(f, ph, kind);

	act(f, ph, &d);
}


static void woken(struct fleet *f, struct phone *ph)
{
	struct decision d = {0};

	policy_tick(&ph->policy, f->now, fleet_rnd(f), &d);
	act(f, ph, &d);
}


/* It has held for as long as the phone is registered */
static void cut(struct fleet *f, struct phone *ph)
{
	uint64_t wait;

	(void)flow_ended(&ph->policy, PRIMARY, f->now, f->now, fleet_rnd(f),
			 &wait);
	ph->cut = NEVER;
}


static void refresh(struct fleet *f, struct phone *ph)
{
	if (ph->policy.state == POLICY_IDLE)
		policy_registering(&ph->policy, f->now);

	send_register(f, ph, ph->policy.target);
}


/* RFC 3261: there is nothing to be retransmitted beyond 64*T1 */
static uint64_t request_due(const struct request *req)
{
	const uint64_t end = req->since + TRANSACTION_MS;
	uint64_t when = req->next < end ? req->next : end;

	if (!req->server)
		return NEVER;

	return req->answer < when ? req->answer : when;
}


/**
 * When something happens to a phone
 *
 * @param ph Phone
 *
 * @return Time [ms]
 */
uint64_t phone_due(const struct phone *ph)
{
	uint64_t when = ph->refresh, wake;

	for (enum kind kind = REG; kind < KINDS; kind++) {

		const uint64_t due = request_due(&ph->reqv[kind]);

		if (due < when)
			when = due;
	}

	if (policy_next(&ph->policy, &wake) && wake < when)
		when = wake;

	return ph->cut < when ? ph->cut : when;
}


/**
 * What is due happens: one thing at a time
 *
 * @param f  Fleet
 * @param ph Phone
 */
void phone_happen(struct fleet *f, struct phone *ph)
{
	uint64_t wake;

	if (ph->cut <= f->now) {
		cut(f, ph);
		return;
	}

	for (enum kind kind = REG; kind < KINDS; kind++) {

		const struct request *req = &ph->reqv[kind];

		if (request_due(req) > f->now)
			continue;

		if (req->answer <= f->now)
			answered(f, ph, kind);
		else
			resend(f, ph, kind);
		return;
	}

	if (policy_next(&ph->policy, &wake) && wake <= f->now)
		woken(f, ph);
	else
		refresh(f, ph);
}
