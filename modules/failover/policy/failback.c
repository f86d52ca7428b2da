/**
 * @file failback.c  The way back to the primary
 *
 * While another server is in use, the primary is looked for, and returned to
 * once it has answered often enough; primary-backup-spec.txt section 2.3.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failback.h"
#include "outage.h"
#include "register.h"
#include "schedule.h"
#include "standby.h"
#include "state.h"
#include "view.h"
#include "wait.h"


enum {
	STEADY_MS = 3600 * 1000,     /**< This long with the primary: steady */
};


static void probe_begin(struct policy *p, struct decision *d)
{
	p->probing = true;
	d->probe   = true;

	wait_cancel(p, WAIT_CHECK);
}


/**
 * The primary is not looked for before it wants to be asked
 *
 * @param p Policy
 */
void failback_put_off(struct policy *p)
{
	const uint64_t alone = state_server(p, PRIMARY)->retry_after;

	if (policy_waits(p, WAIT_CHECK) && p->waitv[WAIT_CHECK] < alone)
		wait_arm(p, WAIT_CHECK, alone);
}


/**
 * When is the primary to be looked for? After a return that did not last, the
 * wait is longer; after an outage of the phone's own there is none; not
 * before the primary wants to be asked.
 *
 * @param p   Policy, settled
 * @param now Time [ms]
 * @param rnd Random number
 */
void failback_schedule(struct policy *p, uint64_t now, uint32_t rnd)
{
	const bool at_once = p->look;

	p->look = false;

	if (p->target == PRIMARY || !p->set->failback) {
		wait_cancel(p, WAIT_CHECK);
		return;
	}

	wait_arm(p, WAIT_CHECK, now + (at_once ? 0 :
		 (uint64_t)schedule_failback_ms(p->set, rnd) << p->flaps));

	failback_put_off(p);
}


/**
 * The primary has failed: had the account just returned to it?
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
 * @param now Time, not used [ms]
 * @param rnd Random number, not used
 * @param d   Decision
 */
void failback_due(struct policy *p, uint64_t now, uint32_t rnd,
		  struct decision *d)
{
	(void)now;
	(void)rnd;

	/* it may have been turned off meanwhile */
	if (p->set->failback)
		probe_begin(p, d);
}


static void go_back(struct policy *p, uint64_t now, struct decision *d)
{
	++p->counters.failbacks;
	d->tell = TELL_FAILBACK;
	d->from = p->target;
	d->to   = PRIMARY;
	d->register_with = PRIMARY;
	p->returned = now;
	p->tried = 0;
	register_try(p, PRIMARY, now);
}


/* In use it would be given up before it has answered. The check has more
   time, since a late answer tells at least that the server lives. */
static bool is_slow(const struct policy *p, const struct outcome *o)
{
	return o->took_ms > schedule_giveup_ms(p->set, false);
}


/**
 * The failback check has ended. It is good if the primary would take the
 * account, and answers in the time that it is given when in use.
 *
 * @param p   Policy
 * @param o   How it has ended
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void failback_probed(struct policy *p, const struct outcome *o, uint64_t now,
		     uint32_t rnd, struct decision *d)
{
	char slow[REASON_SIZE];
	const char *reason = o->reason;
	const bool good = o->ok && !is_slow(p, o);

	p->probing = false;

	if (p->state != POLICY_SETTLED || p->target == PRIMARY)
		return;

	if (o->ok && !good) {
		view_slow(slow, sizeof(slow), o->took_ms,
			  schedule_giveup_ms(p->set, false));
		reason = slow;
	}

	state_mark(p, PRIMARY, o->alive ? HEALTH_UP : HEALTH_DOWN, now,
		   reason);
	if (!o->alive)
		standby_lost(p, PRIMARY, now, rnd, d);

	p->good_probes = good ? p->good_probes + 1 : 0;

	if (p->good_probes >= p->set->rise)
		go_back(p, now, d);
	else
		failback_schedule(p, now, rnd);
}


/**
 * The failback check could not be sent, for want of memory or the like: that
 * tells nothing of the primary
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 */
void failback_not_sent(struct policy *p, uint64_t now, uint32_t rnd)
{
	p->probing = false;

	if (p->state == POLICY_SETTLED)
		failback_schedule(p, now, rnd);
}


/**
 * Check now whether the primary is back; with all servers down, begin the
 * next round now
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

	if (p->state != POLICY_SETTLED || p->target == PRIMARY)
		return false;

	if (!p->probing)
		probe_begin(p, d);

	return true;
}
