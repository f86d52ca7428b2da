/**
 * @file failback.c  The way back to the primary
 *
 * While another server is in use, the primary is looked for, and returned to
 * once it has answered often enough; primary-backup-spec.txt section 2.3.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "policy_parts.h"
#include "schedule.h"


enum {
	STEADY_MS = 3600 * 1000,     /**< This long with the primary: steady */
};


static void probe_begin(struct policy *p, struct decision *d)
{
	p->probing    = true;
	p->next_check = 0;
	d->probe      = true;
}


/**
 * The primary is not looked for before it wants to be asked
 *
 * @param p Policy
 */
void failback_put_off(struct policy *p)
{
	const uint64_t alone = policy_server(p, PRIMARY)->retry_after;

	if (p->next_check && p->next_check < alone)
		p->next_check = alone;
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
		p->next_check = 0;
		return;
	}

	p->next_check = now + (at_once ? 0 :
		(uint64_t)schedule_failback_ms(p->set, rnd) << p->flaps);

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
 * @param p Policy
 * @param d Decision
 */
void failback_due(struct policy *p, struct decision *d)
{
	/* turned off meanwhile */
	if (p->set->failback)
		probe_begin(p, d);
	else
		p->next_check = 0;
}


/**
 * The failback check has ended
 *
 * @param p      Policy
 * @param good   True if the primary would take the account
 * @param alive  True if it answered at all
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param reason What was seen, for the user
 * @param d      Decision
 */
void failback_probed(struct policy *p, bool good, bool alive, uint64_t now,
		     uint32_t rnd, const char *reason, struct decision *d)
{
	p->probing = false;

	if (p->state != POLICY_SETTLED || p->target == PRIMARY)
		return;

	policy_mark(p, PRIMARY, alive ? HEALTH_UP : HEALTH_DOWN, now, reason);
	if (!alive)
		standby_lost(p, PRIMARY, now, rnd, d);

	if (!good)
		p->good_probes = 0;
	else if (++p->good_probes >= p->set->rise) {

		++p->counters.failbacks;
		d->tell = TELL_FAILBACK;
		d->from = p->target;
		d->to   = PRIMARY;
		d->register_with = PRIMARY;
		p->returned = now;
		p->tried = 0;
		policy_try(p, PRIMARY, now);
		return;
	}

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
	if (p->state == POLICY_DOWN) {
		round_begin(p, now);
		d->register_with = p->target;
		return true;
	}

	if (p->state == POLICY_OFFLINE) {
		outage_resume(p, now);
		d->register_with = p->target;
		return true;
	}

	if (p->state != POLICY_SETTLED || p->target == PRIMARY)
		return false;

	if (!p->probing)
		probe_begin(p, d);

	return true;
}
