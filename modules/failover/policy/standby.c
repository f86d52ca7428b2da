/**
 * @file standby.c  Registered with the next server as well
 *
 * With failover_standby the account has a second registration, with the first
 * server in order that takes it. When the server in use dies, the account
 * moves to the standby, and pending requests need not wait for a REGISTER.
 *
 * The servers may share their location table. Then both registrations refresh
 * the same binding, and the one that expires first may end it. So when the
 * standby is lost, the binding in use is renewed. The same goes for a standby
 * that the user wants no longer, and that is taken back.
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
	AT_ONCE = 1,                 /**< In the past: due at once [ms]      */
};


/* If a better server is down, the failback check asks it */
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


/* Ask the next server; if none is left, search again later */
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


/* False if this search has asked an earlier server */
static bool is_first_in_line(const struct policy *p, unsigned server)
{
	return !(p->standby_tried & (server_bit(server) - 1));
}


/* The user wants none any more */
static void take_back(struct policy *p, struct decision *d)
{
	if (!p->standby)
		return;

	state_server(p, p->standby)->registered = false;
	d->unbind  = p->standby;
	p->standby = 0;
}


/**
 * Search for a standby server, from the first one on; or take back the one
 * that there is, if none is wanted any more
 *
 * @param p Policy
 */
void standby_begin(struct policy *p)
{
	if (p->set->standby || p->standby)
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
	if (!p->set->standby) {
		take_back(p, d);
		return;
	}

	p->standby_tried = 0;
	ask_next(p, now, rnd, d);
}


/**
 * The account has a server. If it was the standby, search for a new one; any
 * other standby stays.
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
 * A de-registration of ours has ended; it may have removed this binding too
 *
 * @param p Policy
 */
void standby_deregistered(struct policy *p)
{
	if (p->standby && !p->standby_asked)
		standby_begin(p);
}


/**
 * A server cannot stand by, or not any more: ask the next one
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

	if (p->state != POLICY_SETTLED || !p->set->standby)
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

	/* a late answer of a server that was given up is used, unless another
	   server is being asked */
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

	wait_arm(p, WAIT_STANDBY, p->set->standby &&
		 p->standby_deregs == p->deregs ? now + wait : AT_ONCE);
}


/**
 * A server has refused the second registration, or has failed
 *
 * @param p      Policy
 * @param server Server
 * @param alive  True if the server lives but refuses this account
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
 * The second REGISTER could not be sent, for example for lack of memory. That
 * tells nothing of the server.
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
 * Is the account moving to its standby? Then calls need not wait for the
 * REGISTER.
 *
 * @param p Policy
 *
 * @return True if it is
 */
bool standby_is_ahead(const struct policy *p)
{
	return p->state == POLICY_MOVING && p->standby == p->target;
}
