/**
 * @file policy.c  Which server an account uses, and when that changes
 *
 * docs/design.md shows the states and the transitions between them.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <string.h>
#include "binding.h"
#include "failback.h"
#include "flow.h"
#include "keepalive.h"
#include "order.h"
#include "outage.h"
#include "policy.h"
#include "register.h"
#include "round.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "view.h"
#include "wait.h"


enum {
	RETRY_MAX_S = 3600,          /**< Longest Retry-After that is used   */
};

typedef void (wait_h)(struct policy *p, uint64_t now, uint32_t rnd,
		      struct decision *d);


/* The target answers, so it is in use */
static void settle(struct policy *p, bool registered, uint64_t now,
		   uint32_t rnd, const char *reason)
{
	const bool arrived = p->state != POLICY_SETTLED;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (i != p->standby)
			state_server(p, i)->registered = false;
	}

	state_mark(p, p->target, HEALTH_UP, now, reason);
	state_server(p, p->target)->registered = registered;

	policy_enter(p, POLICY_SETTLED);
	wait_cancel(p, WAIT_ANSWER);
	wait_cancel(p, WAIT_FLOW);
	if (!registered)
		wait_cancel(p, WAIT_REFRESH);

	if (arrived || p->check_at_once)
		failback_schedule(p, now, rnd);
	if (arrived) {
		keepalive_schedule(p, now);
		standby_arrived(p);
	}
}


/**
 * The pending REGISTER's time is up
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void policy_time_is_up(struct policy *p, uint64_t now, uint32_t rnd,
		       struct decision *d)
{
	char reason[REASON_SIZE];

	wait_cancel(p, WAIT_ANSWER);

	/* the process was stopped: the answer may wait in the socket */
	if (now > order_deadline(p) + STALL_MS) {
		outage_woke(p, now, d);
		return;
	}

	view_unanswered(reason, sizeof(reason), "REGISTER",
			p->sends, now - p->pending_since);
	policy_failed(p, p->target, p->pending_since, now, rnd, reason, d);
}


/**
 * The pending REGISTER is about to be retransmitted. Our timer and libre's
 * expire together, in either order. The order must not decide whether a packet
 * is sent. So the time is checked here too.
 *
 * @param p      Policy
 * @param server Server it goes to
 * @param now    Time [ms]
 *
 * @return True if its time is up: the caller calls policy_time_is_up()
 */
bool policy_resent(struct policy *p, unsigned server, uint64_t now)
{
	if (server != p->target || !policy_waits(p, WAIT_ANSWER))
		return false;

	if (now + TIMER_SLACK_MS < order_deadline(p)) {
		++p->sends;
		return false;
	}

	return true;
}


/**
 * Initialise the policy: nothing is known yet
 *
 * @param p       Policy
 * @param set     Settings, kept by reference; may change at any time
 * @param serverc Number of servers, 2 to MAX_SERVERS
 * @param now     Time [ms]
 */
void policy_init(struct policy *p, const struct settings *set,
		 unsigned serverc, uint64_t now)
{
	memset(p, 0, sizeof(*p));

	p->set     = set;
	p->serverc = serverc;
	p->target  = PRIMARY;

	for (unsigned i = PRIMARY; i <= serverc; i++) {
		state_place(p, i, &(struct policy_place) { .rank = 0 });
		state_server(p, i)->since = now;
		(void)snprintf(state_server(p, i)->reason, REASON_SIZE,
			       "not tried yet");
	}
}


/**
 * Somebody else registers the account: Baresip at its start, the user, or
 * Baresip after a change of the network
 *
 * @param p   Policy
 * @param now Time [ms]
 *
 * @return Server that this REGISTER must go to
 */
unsigned policy_registering(struct policy *p, uint64_t now)
{
	if (p->state == POLICY_IDLE || p->state == POLICY_DOWN)
		round_begin(p, now);
	else if (p->state == POLICY_OFFLINE)
		outage_resume(p, now);
	else
		register_again(p, now);

	return p->target;
}


/**
 * The account was there before this module was loaded. Take it over, and
 * register it anew, so that all is known of its binding.
 *
 * @param p          Policy, idle
 * @param server     Server that its requests go to
 * @param registered True if it is registered there
 * @param now        Time [ms]
 * @param d          Decision
 */
void policy_found(struct policy *p, unsigned server, bool registered,
		  uint64_t now, struct decision *d)
{
	p->target = server;

	if (registered) {
		policy_enter(p, POLICY_SETTLED);
		state_mark(p, server, HEALTH_UP, now, "registered before");
		state_server(p, server)->registered = true;
	}

	p->tried = 0;
	register_try(p, server, now);
	d->register_with = server;
}


/**
 * Baresip is registered with the target
 *
 * @param p      Policy
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param reason The answer, for the user
 * @param d      Decision
 */
void policy_registered(struct policy *p, uint64_t now, uint32_t rnd,
		       const char *reason, struct decision *d)
{
	if (p->state == POLICY_IDLE || p->state == POLICY_OFFLINE)
		return;

	/* one of its other addresses may have sent Retry-After */
	state_server(p, p->target)->retry_after = 0;

	settle(p, true, now, rnd, reason);

	binding_outlived(p, p->deregs_pending);
	binding_renew_if_due(p, d);
}


/**
 * The target lives but refuses this account (401, 403, 404, ...). Another
 * server would not be better.
 *
 * @param p      Policy
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param reason The answer, for the user
 */
void policy_refused(struct policy *p, uint64_t now, uint32_t rnd,
		    const char *reason)
{
	if (p->state == POLICY_IDLE || p->state == POLICY_OFFLINE)
		return;

	settle(p, false, now, rnd, reason);
}


static void count_failure(struct policy *p, unsigned server, uint64_t since,
			  uint64_t now, uint32_t rnd, const char *reason,
			  struct decision *d)
{
	if (since < p->valid_since || p->state == POLICY_OFFLINE)
		return;

	if (server != p->target && since >= state_server(p, server)->since) {
		state_mark(p, server, HEALTH_DOWN, now, reason);
		standby_lost(p, server, now, rnd, d);
	}

	if (server != p->target || since < p->started || state_is_at_rest(p))
		return;

	state_mark(p, server, HEALTH_DOWN, now, reason);
	state_server(p, server)->registered = false;
	if (p->standby == server)
		p->standby = 0;

	if (p->state == POLICY_SETTLED) {

		if (++p->failures < p->set->fall) {
			d->register_with = server;
			register_again(p, now);
			return;
		}

		p->tried   = server_bit(server);
		d->look_up = true;
	}

	if (state_server(p, server)->place.sought)
		failback_count_flap(p, now);

	d->since = since;
	round_next(p, now, rnd, d);
}


/**
 * A request to a server has failed in a way that means "server unavailable"
 *
 * @param p      Policy
 * @param server Server
 * @param since  When that request was first sent; older evidence than the
 *               choice of the server is out of date [ms]
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param reason What was seen, for the user
 * @param d      Decision
 *
 * @return What that means for the request
 */
enum verdict policy_failed(struct policy *p, unsigned server, uint64_t since,
			   uint64_t now, uint32_t rnd, const char *reason,
			   struct decision *d)
{
	count_failure(p, server, since, now, rnd, reason, d);

	if (state_server(p, server)->health != HEALTH_DOWN)
		return VERDICT_VOID;

	return p->target == server ? VERDICT_STAYS : VERDICT_MOVES;
}


/**
 * The same request has failed at a server before. These failures are
 * consecutive, even if another kind of request succeeded in between.
 *
 * @param p      Policy
 * @param server Server
 * @param times  How often it failed
 */
void policy_failed_before(struct policy *p, unsigned server, unsigned times)
{
	if (server == p->target && p->failures < times)
		p->failures = times;
}


/**
 * A server has sent 503 with Retry-After (RFC 3261 section 21.5.4). Rounds and
 * checks leave it alone for that long.
 *
 * @param p      Policy
 * @param server Server
 * @param s      Time [s]; one hour is the maximum
 * @param now    Time [ms]
 */
void policy_retry_after(struct policy *p, unsigned server, uint32_t s,
			uint64_t now)
{
	if (s > RETRY_MAX_S)
		s = RETRY_MAX_S;

	state_server(p, server)->retry_after = now + (uint64_t)s * 1000;
	failback_put_off(p);
}


/**
 * A de-registration of ours has ended. A server has taken it, or may have
 * taken it without an answer. If servers share their location table, the
 * binding in use may be gone.
 *
 * @param p Policy
 * @param d Decision
 */
void policy_deregistered(struct policy *p, struct decision *d)
{
	binding_renew(p, d);
	standby_deregistered(p);
}


/**
 * The user has de-registered the account
 *
 * @param p Policy
 */
void policy_unregistered(struct policy *p)
{
	policy_enter(p, POLICY_IDLE);
}


/**
 * Move to a server because the user has asked for it
 *
 * @param p   Policy
 * @param to  Server
 * @param now Time [ms]
 * @param d   Decision
 */
void policy_switch(struct policy *p, unsigned to, uint64_t now,
		   struct decision *d)
{
	if (p->state == POLICY_SETTLED && p->target == to)
		return;

	d->tell = TELL_SWITCH;
	d->from = view_active(p);
	d->to   = to;
	d->by_command    = true;
	d->register_with = to;

	p->home  = p->state == POLICY_OFFLINE ? to : 0;
	p->tried = 0;
	register_try(p, to, now);
}


/**
 * Do what is due now
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void policy_tick(struct policy *p, uint64_t now, uint32_t rnd,
		 struct decision *d)
{
	static wait_h *const handlerv[WAITS] = {
		[WAIT_ANSWER]    = policy_time_is_up,
		[WAIT_ROUND]     = outage_round_due,
		[WAIT_FLOW]      = flow_renew,
		[WAIT_REFRESH]   = binding_overdue,
		[WAIT_CHECK]     = failback_due,
		[WAIT_STANDBY]   = standby_search,
		[WAIT_KEEPALIVE] = keepalive_due,
	};

	for (enum wait wait = 0; wait < WAITS; wait++) {
		if (wait_take(p, wait, now))
			handlerv[wait](p, now, rnd, d);
	}
}


/**
 * When the next tick is due
 *
 * @param p    Policy
 * @param when Time of the next tick [ms]
 *
 * @return False if none is
 */
bool policy_next(const struct policy *p, uint64_t *when)
{
	*when = wait_first(p);

	return *when != UINT64_MAX;
}


/**
 * Settings have changed. Most are read when they are needed. A wait whose
 * setting has changed begins anew.
 *
 * @param p   Policy, already with the new settings
 * @param was The settings before
 * @param now Time [ms]
 * @param rnd Random number
 */
void policy_reconfigured(struct policy *p, const struct settings *was,
			 uint64_t now, uint32_t rnd)
{
	const struct settings *set = p->set;

	if (p->state != POLICY_SETTLED)
		return;

	if (!p->probing &&
	    (set->failback != was->failback ||
	     set->failback_interval_s != was->failback_interval_s ||
	     set->failback_jitter != was->failback_jitter))
		failback_schedule(p, now, rnd);

	if (set->keepalive_s != was->keepalive_s)
		keepalive_schedule(p, now);

	if (set->standby != was->standby)
		standby_begin(p);
}
