/**
 * @file binding.c  Is the account bound where it is registered?
 *
 * It is for sure if the REGISTER that made the binding was sent after the last
 * de-registration of ours had ended. docs/libre.md tells why that needs an
 * answer.
 *
 * It is refreshed by libre, which goes by what it recognises in the
 * registrar's answer. Where libre would refresh it after it has lapsed, or is
 * late, a renewal of our own is sent in time. That no refresh was seen is no
 * evidence against a server; that the renewal was not answered is.
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
	REFRESH_LATE_MS = 10,        /**< libre's timer has had its chance   */
	MARGIN          = 20,        /**< 5 % of the time, as libre has it   */
	DOUBT_MS        = 300 * 1000,/**< A server is doubted so often       */
};


/* Until when has libre to be waited for, or else we renew the binding? */
static void await_refresh(struct policy *p, uint64_t lapse_ms, uint64_t now)
{
	const uint64_t last = now + lapse_ms - lapse_ms / MARGIN;

	if (!lapse_ms)
		return;

	if (p->libre_refresh > now && p->libre_refresh <= last)
		wait_arm(p, WAIT_REFRESH,
			 p->libre_refresh + REFRESH_LATE_MS);
	else
		wait_arm(p, WAIT_REFRESH,
			 now + schedule_refresh_ms(p->set, lapse_ms));
}


/**
 * The registrar has granted Baresip's registration
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
 * The binding is to be refreshed, and libre has not done it
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

	/* one that is under way does as well */
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
 * Have the binding renewed unless it is known to stand
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
 * The server in use has refused a request that says nothing of its registrar.
 * What it answers to a renewal tells whether it is to be left. A part of a
 * server may be down for long and be asked often: it is not worth many
 * REGISTERs.
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
 * The renewal of the binding has ended. If the server lives but refuses it,
 * although the binding needs it, Baresip has to register anew: the server may
 * want that Call-ID, and if not the user gets to know.
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
		/* should the server not be left for it */
		wait_arm(p, WAIT_REFRESH, now + RETRY_MS);
		return;
	}
	else if (deregs == p->deregs) {
		return;
	}

	binding_renew_if_due(p, d);
}


/**
 * The renewal could not be sent, for want of memory or the like: that tells
 * nothing of the server
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void binding_not_sent(struct policy *p, uint64_t now)
{
	p->renewing = false;
	wait_arm(p, WAIT_REFRESH, now + RETRY_MS);
}
