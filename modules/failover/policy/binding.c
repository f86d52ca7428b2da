/**
 * @file binding.c  Is the account bound where it is registered?
 *
 * The binding is certain to exist if its REGISTER was sent after our last
 * de-registration had ended. docs/libre.md tells why this must be known.
 *
 * libre refreshes the binding, with the values that it finds in the
 * registrar's answer. If libre would refresh it too late, or is late, we send
 * a renewal in time. A missing refresh is no evidence against a server. An
 * unanswered renewal is.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "binding.h"
#include "register.h"
#include "schedule.h"
#include "state.h"
#include "wait.h"


enum {
	LATE            = 100,       /**< 1 % later, libre has sent it       */
	LATE_MIN_MS     = 10,
	LATE_MAX_MS     = 1000,
	MARGIN          = 20,        /**< 1/20 = 5 % of the time, as libre   */
	DOUBT_MS        = 300 * 1000,/**< At most one doubt in this time     */
};


/* How late libre's refresh may be: on a busy machine all timers are late */
static uint64_t late_ms(uint64_t lapse_ms)
{
	const uint64_t ms = lapse_ms / LATE;

	return ms < LATE_MIN_MS ? LATE_MIN_MS :
		ms > LATE_MAX_MS ? LATE_MAX_MS : ms;
}


/* How long to wait for libre's refresh before we renew the binding */
static void await_refresh(struct policy *p, uint64_t lapse_ms, uint64_t now)
{
	const uint64_t last = now + lapse_ms - lapse_ms / MARGIN;

	if (!lapse_ms)
		return;

	if (p->libre_refresh > now && p->libre_refresh <= last)
		wait_arm(p, WAIT_REFRESH,
			 p->libre_refresh + late_ms(lapse_ms));
	else
		wait_arm(p, WAIT_REFRESH,
			 now + schedule_refresh_ms(p->set, lapse_ms));
}


/**
 * The registrar has granted Baresip's REGISTER
 *
 * @param p     Policy
 * @param grant What it has granted
 * @param now   Time [ms]
 */
void binding_granted(struct policy *p, const struct grant *grant,
		     uint64_t now)
{
	if (p->state != POLICY_SETTLED || policy_waits(p, WAIT_ANSWER) ||
	    !state_server(p, p->target)->registered)
		return;

	p->libre_refresh = grant->refresh_ms ? now + grant->refresh_ms : 0;
	await_refresh(p, grant->lapse_ms, now);
}


/**
 * Would the binding end without our renewals? libre may have read another
 * expiry in the answer than the registrar has granted.
 *
 * @param p Policy
 *
 * @return True if libre refreshes it too late
 */
bool binding_is_ours(const struct policy *p)
{
	return p->state == POLICY_SETTLED && policy_waits(p, WAIT_REFRESH) &&
		p->waitv[WAIT_REFRESH] < p->libre_refresh;
}


/**
 * The binding needs a refresh, and libre has sent none
 *
 * @param p   Policy, settled
 * @param now Time, not used [ms]
 * @param rnd Random number, not used
 * @param d   Decision
 */
void binding_overdue(struct policy *p, uint64_t now, uint32_t rnd,
		     struct decision *d)
{
	(void)now;
	(void)rnd;

	p->overdue = true;

	/* a renewal that is under way will do */
	d->renew    = !p->renewing;
	p->renewing = true;
}


/**
 * The binding was made by a REGISTER sent after these de-registrations
 *
 * @param p      Policy
 * @param deregs De-registrations that had ended by then
 */
void binding_outlived(struct policy *p, unsigned deregs)
{
	if (deregs > p->deregs_bound)
		p->deregs_bound = deregs;
}


/**
 * Is the binding known to exist?
 *
 * @param p Policy, settled
 *
 * @return True if it is, or if there is none
 */
bool binding_is_certain(const struct policy *p)
{
	return !p->renewing && (p->deregs_bound == p->deregs ||
		!p->serverv[p->target - 1].registered);
}


/**
 * Renew the binding, unless it is known to exist
 *
 * @param p Policy
 * @param d Decision
 */
void binding_renew_if_due(struct policy *p, struct decision *d)
{
	if (p->state != POLICY_SETTLED || p->renewing ||
	    p->deregs_bound == p->deregs ||
	    !state_server(p, p->target)->registered)
		return;

	p->renewing = true;
	d->renew    = true;
}


/**
 * Something may have ended the binding
 *
 * @param p Policy
 * @param d Decision
 */
void binding_renew(struct policy *p, struct decision *d)
{
	++p->deregs;
	binding_renew_if_due(p, d);
}


/**
 * The server in use has refused a request, which tells nothing of its
 * registrar. The answer to a renewal tells whether to leave the server. One
 * part of a server may be down for long, and many requests may meet it. So the
 * renewals are limited.
 *
 * @param p      Policy
 * @param server Server
 * @param now    Time [ms]
 * @param d      Decision
 */
void binding_doubted(struct policy *p, unsigned server, uint64_t now,
		     struct decision *d)
{
	struct policy_server *srv = state_server(p, server);

	if (p->state != POLICY_SETTLED || server != p->target ||
	    !srv->registered || p->renewing || policy_waits(p, WAIT_ANSWER) ||
	    (srv->doubted && now < srv->doubted + DOUBT_MS))
		return;

	srv->doubted = now;
	p->renewing  = true;
	d->renew     = true;
}


/**
 * The renewal of the binding has ended. If the server lives but refuses a
 * renewal that the binding needs, Baresip registers anew. The server may want
 * Baresip's Call-ID. If it refuses that too, the user is told.
 *
 * @param p      Policy
 * @param o      How it has ended
 * @param deregs Value of p->deregs when the renewal was sent
 * @param now    Time [ms]
 * @param d      Decision
 */
void binding_renewed(struct policy *p, const struct outcome *o,
		     unsigned deregs, uint64_t now, struct decision *d)
{
	const bool overdue = p->overdue;

	p->renewing = p->overdue = false;

	if (o->ok) {
		binding_outlived(p, deregs);
		await_refresh(p, o->lapse_ms, now);
	}
	else if (overdue && o->alive && p->state == POLICY_SETTLED) {
		register_again(p, now);
		d->register_with = p->target;
		return;
	}
	else if (overdue) {
		/* in case the account stays with this server */
		wait_arm(p, WAIT_REFRESH, now + RETRY_MS);
		return;
	}
	else if (deregs == p->deregs) {
		return;
	}

	binding_renew_if_due(p, d);
}


/**
 * The renewal could not be sent, for example for lack of memory. That tells
 * nothing of the server.
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void binding_not_sent(struct policy *p, uint64_t now)
{
	p->renewing = false;
	wait_arm(p, WAIT_REFRESH, now + RETRY_MS);
}
