/**
 * @file failback.c  The way back to the primary
 *
 * While another server is in use, the module checks the primary, and returns
 * to it after enough good answers: primary-backup-spec.txt section 2.3. With
 * SRV records it checks each target that is better than the one in use, the
 * best one first.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failback.h"
#include "order.h"
#include "outage.h"
#include "register.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "view.h"
#include "wait.h"


enum {
	STEADY_MS = 3600 * 1000,     /**< Stable after this long there       */
};


/* The server in use is left as soon as another server takes the account */
static bool is_leaving(const struct policy *p)
{
	return state_in_maintenance(p, p->target);
}


/* When a server is left, any other one that is not left alone will do */
static bool is_refuge(const struct policy *p, unsigned server)
{
	return server != p->target && !state_in_maintenance(p, server);
}


static bool is_looked_for(const struct policy *p, unsigned server)
{
	return is_refuge(p, server) &&
		(is_leaving(p) || state_is_better(p, server));
}


/* The first server to check, 0: none */
static unsigned first(const struct policy *p)
{
	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (is_looked_for(p, i))
			return i;
	}

	return 0;
}


/* The next server that may be checked and is not being asked, 0: none */
static unsigned next(const struct policy *p, uint64_t now)
{
	const unsigned asked = p->probed |
		(p->probing ? server_bit(p->probing) : 0);

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (is_looked_for(p, i) && !(asked & server_bit(i)) &&
		    !order_leaves_alone(p, i, now))
			return i;
	}

	return 0;
}


/* The server to check first, 0: none */
static unsigned wanted(const struct policy *p, uint64_t now)
{
	const unsigned server = next(p, now);

	return server || is_leaving(p) ? server : first(p);
}


static bool is_due(const struct policy *p)
{
	return (is_leaving(p) || p->set->failback) && first(p);
}


/* The earliest time at which one of these servers may be asked */
static uint64_t allowed(const struct policy *p)
{
	uint64_t when = UINT64_MAX;

	for (unsigned i = PRIMARY; i <= p->serverc; i++) {

		const uint64_t alone = p->serverv[i - 1].retry_after;

		if (is_looked_for(p, i) && alone < when)
			when = alone;
	}

	return when;
}


static void probe_begin(struct policy *p, unsigned server, struct decision *d)
{
	p->probing = server;
	d->probe   = server;

	wait_cancel(p, WAIT_CHECK);
}


/**
 * Delay the check until the end of the primary's Retry-After
 *
 * @param p Policy
 */
void failback_put_off(struct policy *p)
{
	const uint64_t when = allowed(p);

	if (!is_leaving(p) && policy_waits(p, WAIT_CHECK) &&
	    when != UINT64_MAX && p->waitv[WAIT_CHECK] < when)
		wait_arm(p, WAIT_CHECK, when);
}


/**
 * Set the time of the next check: of the primary, or of any other server if
 * the one in use is in maintenance. The wait is longer after a return that did
 * not last. After an outage of the phone's own there is none. The check waits
 * for Retry-After.
 *
 * @param p   Policy, settled
 * @param now Time [ms]
 * @param rnd Random number
 */
void failback_schedule(struct policy *p, uint64_t now, uint32_t rnd)
{
	const bool at_once = p->check_at_once;

	p->check_at_once = false;
	p->probed        = 0;

	if (!is_due(p)) {
		wait_cancel(p, WAIT_CHECK);
		return;
	}

	wait_arm(p, WAIT_CHECK, now + (at_once ? 0 :
		 (uint64_t)schedule_failback_ms(p->set, rnd) << p->flaps));

	failback_put_off(p);
}


/**
 * A server has failed: count it if the account had just returned to it
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void failback_count_flap(struct policy *p, uint64_t now)
{
	const uint64_t stay = now - p->returned;

	if (!p->returned)
		return;

	if (stay >= STEADY_MS)
		p->flaps = 0;
	else if (stay < (uint64_t)p->set->failback_interval_s * 1000 &&
		 p->flaps < MAX_FLAPS)
		++p->flaps;

	p->returned = 0;
}


/**
 * The check is due
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void failback_due(struct policy *p, uint64_t now, uint32_t rnd,
		  struct decision *d)
{
	const unsigned server = wanted(p, now);

	/* failback may have been turned off since then */
	if (server && is_due(p))
		probe_begin(p, server, d);
	else
		failback_schedule(p, now, rnd);
}


/* Return to a better server, or leave one that is in maintenance */
static void go(struct policy *p, unsigned to, uint64_t now,
	       struct decision *d)
{
	d->tell = TELL_SWITCH;
	d->from = p->target;
	d->to   = to;
	d->register_with = to;

	if (state_server(p, p->target)->place.gone) {
		d->by_command = true;
		d->gone       = true;
	}
	else if (state_is_better(p, to)) {
		++p->counters.failbacks;
		d->tell = TELL_FAILBACK;
		p->returned = now;
	}
	else {
		d->by_command  = true;
		d->maintenance = true;
	}

	p->tried = 0;
	register_try(p, to, now);
}


/**
 * Leave the server in use, which is in maintenance. Another server takes the
 * account first, so there is no gap.
 *
 * @param p   Policy, settled
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void failback_leave(struct policy *p, uint64_t now, uint32_t rnd,
		    struct decision *d)
{
	unsigned server;

	if (p->standby) {
		go(p, p->standby, now, d);
		return;
	}

	p->probed = 0;
	server = next(p, now);

	if (server)
		probe_begin(p, server, d);
	else
		failback_schedule(p, now, rnd);
}


/* The server would be given up before such an answer if it were in use. The
   check waits longer, since a late answer shows that the server lives. */
static bool is_slow(const struct policy *p, const struct outcome *o)
{
	return o->took_ms > schedule_giveup_ms(p->set, false);
}


/* The server is no better than the one in use: ask the next one, or wait */
static void not_good(struct policy *p, unsigned server, uint64_t now,
		     uint32_t rnd, struct decision *d)
{
	unsigned other;

	p->probed |= server_bit(server);
	other = next(p, now);

	if (other)
		probe_begin(p, other, d);
	else
		failback_schedule(p, now, rnd);
}


/**
 * How long a checked server has to answer. The last one has more time, as in a
 * round, since a slow primary lives.
 *
 * @param p   Policy, a check is to be made
 * @param now Time [ms]
 *
 * @return Time [ms]
 */
uint32_t failback_given_ms(const struct policy *p, uint64_t now)
{
	return is_leaving(p) || next(p, now) ?
		schedule_giveup_ms(p->set, false) : TRANSACTION_MS;
}


/**
 * The check has ended. It is good if the server would take the account, and if
 * it answers as fast as a server in use has to.
 *
 * @param p      Policy
 * @param server Server that was asked; ignored if it is no longer being asked
 * @param o      How it has ended
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param d      Decision
 */
void failback_probed(struct policy *p, unsigned server,
		     const struct outcome *o, uint64_t now, uint32_t rnd,
		     struct decision *d)
{
	char slow[REASON_SIZE];
	const char *reason = o->reason;
	const bool good = o->ok && !is_slow(p, o);
	struct policy_server *srv;

	if (server != p->probing)
		return;

	p->probing = 0;

	if (!server || p->state != POLICY_SETTLED || p->target == server)
		return;

	srv = state_server(p, server);

	if (o->ok && !good) {
		view_slow(slow, sizeof(slow), o->took_ms,
			  schedule_giveup_ms(p->set, false));
		reason = slow;
	}

	state_mark(p, server, o->alive ? HEALTH_UP : HEALTH_DOWN, now,
		   reason);
	if (!o->alive)
		standby_lost(p, server, now, rnd, d);

	srv->good_probes = good ? srv->good_probes + 1 : 0;

	if (!good)
		not_good(p, server, now, rnd, d);
	else if (is_leaving(p) || srv->good_probes >= p->set->rise)
		go(p, server, now, d);
	else
		failback_schedule(p, now, rnd);
}


/**
 * The failback check could not be sent, for example for lack of memory. That
 * tells nothing of the primary.
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 */
void failback_not_sent(struct policy *p, uint64_t now, uint32_t rnd)
{
	p->probing = 0;

	if (p->state == POLICY_SETTLED)
		failback_schedule(p, now, rnd);
}


/**
 * Check now whether the primary is back. With all servers down, begin the next
 * round now.
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param d   Decision
 *
 * @return False if there is nothing to check
 */
bool failback_probe(struct policy *p, uint64_t now, struct decision *d)
{
	if (p->state == POLICY_DOWN || p->state == POLICY_OFFLINE) {
		outage_round_due(p, now, 0, d);
		return true;
	}

	if (p->state != POLICY_SETTLED || !wanted(p, now))
		return false;

	if (!p->probing)
		probe_begin(p, wanted(p, now), d);

	return true;
}
