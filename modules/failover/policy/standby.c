/**
 * @file standby.c  Registered with the next server as well
 *
 * With failover_standby the account has a second registration, with the first
 * server in line that takes it. When the one in use dies, that is where the
 * account goes, and what was under way need not wait for a REGISTER.
 *
 * The servers may share their location table or not. If they do, it is one
 * binding that both registrations refresh, and the one that expires sooner may
 * end it: where the standby is lost, the binding in use is renewed.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "binding.h"
#include "order.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "wait.h"


enum {
	AT_ONCE = 1,                 /**< A time that is long past [ms]      */
};


/* A better server that is down is looked for by the failback check */
static bool is_candidate(const struct policy *p, unsigned server,
			 uint64_t now)
{
	if (server == p->target || p->standby_tried & server_bit(server) ||
	    state_in_maintenance(p, server) ||
	    order_leaves_alone(p, server, now))
		return false;

	return !state_is_better(p, server) || !p->set->failback ||
		p->serverv[server - 1].health != HEALTH_DOWN;
}


/* Ask the next in line; if none is left, search again after a while */
static void ask_next(struct policy *p, uint64_t now, uint32_t rnd,
		     struct decision *d)
{
	p->standby_asked = 0;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {

		if (!is_candidate(p, i, now))
			continue;

		p->standby_asked  = i;
		p->standby_tried |= server_bit(i);
		p->standby_deregs = p->deregs;
		d->standby = i;
		wait_cancel(p, WAIT_STANDBY);
		return;
	}

	wait_arm(p, WAIT_STANDBY, now + schedule_failback_ms(p->set, rnd));
}


/* It is not if one before it has been asked and would not have us */
static bool is_first_in_line(const struct policy *p, unsigned server)
{
	return !(p->standby_tried & (server_bit(server) - 1));
}


/**
 * Search for a server to stand by, from the first in line on
 *
 * @param p Policy
 */
void standby_begin(struct policy *p)
{
	if (p->set->standby)
		wait_arm(p, WAIT_STANDBY, AT_ONCE);
}


/**
 * The search, or the refresh, is due
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void standby_search(struct policy *p, uint64_t now, uint32_t rnd,
		    struct decision *d)
{
	/* turned off meanwhile */
	if (!p->set->standby)
		return;

	p->standby_tried = 0;
	ask_next(p, now, rnd, d);
}


/**
 * The account has arrived: what stood by is now in use, or goes on standing by
 *
 * @param p Policy, settled
 */
void standby_arrived(struct policy *p)
{
	if (p->standby == p->target)
		p->standby = 0;
	if (p->standby_asked == p->target)
		p->standby_asked = 0;

	standby_begin(p);
}


/**
 * A de-registration of ours has ended, and may have hit this binding too
 *
 * @param p Policy
 */
void standby_deregistered(struct policy *p)
{
	if (p->standby && !p->standby_asked)
		standby_begin(p);
}


/**
 * A server is not, or no longer, there to stand by: on to the next
 *
 * @param p      Policy
 * @param server Server
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param d      Decision
 */
void standby_lost(struct policy *p, unsigned server, uint64_t now,
		  uint32_t rnd, struct decision *d)
{
	const bool asked = server == p->standby_asked;

	state_server(p, server)->registered = false;

	if (server == p->standby) {
		p->standby = 0;
		binding_renew(p, d);
	}
	else if (!asked) {
		return;
	}

	if (p->state != POLICY_SETTLED)
		p->standby_asked = 0;
	else if (asked)
		ask_next(p, now, rnd, d);
	else
		standby_begin(p);
}


/**
 * A server has taken the second registration
 *
 * @param p          Policy
 * @param server     Server
 * @param expires_ms Time that it granted [ms]
 * @param now        Time [ms]
 * @param rnd        Random number
 * @param reason     The answer, for the user
 */
void standby_ok(struct policy *p, unsigned server, uint64_t expires_ms,
		uint64_t now, uint32_t rnd, const char *reason)
{
	uint64_t wait = schedule_refresh_ms(p->set, expires_ms);
	const uint64_t retry = schedule_failback_ms(p->set, rnd);

	/* one that has been given up may answer late, and is welcome unless
	   another is being asked */
	if ((p->standby_asked && p->standby_asked != server) ||
	    state_in_maintenance(p, server) ||
	    (p->state != POLICY_SETTLED && p->state != POLICY_MOVING) ||
	    (p->state == POLICY_SETTLED && p->target == server))
		return;

	if (p->standby && p->standby != server)
		state_server(p, p->standby)->registered = false;

	state_mark(p, server, HEALTH_UP, now, reason);
	state_server(p, server)->registered = true;
	p->standby       = server;
	p->standby_asked = 0;

	if (!is_first_in_line(p, server) && retry < wait)
		wait = retry;

	wait_arm(p, WAIT_STANDBY, p->standby_deregs == p->deregs ? now + wait :
		 AT_ONCE);
}


/**
 * A server has refused the second registration, or has failed
 *
 * @param p      Policy
 * @param server Server
 * @param alive  True if it lives, and only does not want this account
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param reason What was seen, for the user
 * @param d      Decision
 */
void standby_failed(struct policy *p, unsigned server, bool alive,
		    uint64_t now, uint32_t rnd, const char *reason,
		    struct decision *d)
{
	if (server != p->standby_asked)
		return;

	state_mark(p, server, alive ? HEALTH_UP : HEALTH_DOWN, now, reason);
	standby_lost(p, server, now, rnd, d);
}


/**
 * The second registration could not be asked for, for want of memory or the
 * like: that tells nothing of the server
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void standby_not_sent(struct policy *p, uint64_t now)
{
	p->standby_asked = 0;
	wait_arm(p, WAIT_STANDBY, now + RETRY_MS);
}


/**
 * Is the account moving to where it stands by? Then calls need not wait until
 * it has arrived.
 *
 * @param p Policy
 *
 * @return True if it is
 */
bool standby_is_ahead(const struct policy *p)
{
	return p->state == POLICY_MOVING && p->standby == p->target;
}
