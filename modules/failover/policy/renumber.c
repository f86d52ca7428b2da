/**
 * @file renumber.c  The servers of an account have changed
 *
 * What is known of the servers that stay is kept under their new numbers. The
 * registration is left alone unless the server in use has changed.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include "binding.h"
#include "failback.h"
#include "outage.h"
#include "register.h"
#include "renumber.h"
#include "round.h"
#include "standby.h"
#include "state.h"


/**
 * Translate a set of servers, one bit each, to the present numbers
 *
 * @param rn     Change
 * @param before Set with the numbers before
 *
 * @return Set without the servers that are gone
 */
unsigned renumber_set(const struct renumber *rn, unsigned before)
{
	unsigned set = 0;

	for (unsigned i = 0; i < rn->serverc; i++) {
		if (rn->fromv[i] && before & server_bit(rn->fromv[i]))
			set |= server_bit(i + 1);
	}

	return set;
}


static void move_servers(struct policy *p, const struct renumber *rn,
			 uint64_t now)
{
	struct policy_server beforev[MAX_SERVERS];

	for (unsigned i = 0; i < MAX_SERVERS; i++)
		beforev[i] = p->serverv[i];

	p->serverc = rn->serverc;

	for (unsigned i = 0; i < rn->serverc; i++) {

		struct policy_server *srv = &p->serverv[i];

		if (rn->fromv[i]) {
			*srv = beforev[rn->fromv[i] - 1];
		}
		else {
			*srv = (struct policy_server) { .since = now };
			(void)snprintf(srv->reason, REASON_SIZE,
				       "not tried yet");
		}

		state_place(p, i + 1, &rn->placev[i]);
	}
}


static void move_numbers(struct policy *p, const struct renumber *rn)
{
	p->target        = renumber_to(rn, p->target);
	p->origin        = renumber_to(rn, p->origin);
	p->home          = renumber_to(rn, p->home);
	p->probing       = renumber_to(rn, p->probing);
	p->standby       = renumber_to(rn, p->standby);
	p->standby_asked = renumber_to(rn, p->standby_asked);
	p->tried         = renumber_set(rn, p->tried);
	p->probed        = renumber_set(rn, p->probed);
	p->standby_tried = renumber_set(rn, p->standby_tried);
}


static bool has_new(const struct renumber *rn)
{
	for (unsigned i = 0; i < rn->serverc; i++) {
		if (!rn->fromv[i])
			return true;
	}

	return false;
}


/* Register with the new servers, as in a new round */
static void begin_anew(struct policy *p, const struct renumber *rn,
		       uint64_t now, struct decision *d)
{
	const bool at_rest = state_is_at_rest(p);
	const bool was_used = p->origin;

	p->target = PRIMARY;
	if (at_rest)
		return;

	p->renewing = false;
	round_begin(p, now);
	p->origin = 0;
	d->register_with = p->target;

	/* if no server was in use, the answer of DNS is no news for the
	   user */
	if (rn->by_dns && !was_used)
		return;

	d->tell = TELL_SWITCH;
	d->to   = p->target;
	d->by_command = true;
	d->gone       = rn->by_dns;
}


/* Check for a better server, or for any other if the one in use is to be left.
   A check that is under way or has its time is kept if possible. */
static void look(struct policy *p, bool anew, uint64_t now, uint32_t rnd,
		 struct decision *d)
{
	if (p->probing && !anew)
		return;

	p->probing = 0;

	if (state_in_maintenance(p, p->target))
		failback_leave(p, now, rnd, d);
	else if (anew || !policy_waits(p, WAIT_CHECK))
		failback_schedule(p, now, rnd);
}


/**
 * The servers have changed
 *
 * @param p    Policy
 * @param rn   Change
 * @param anew True to register anew with the server in use
 * @param now  Time [ms]
 * @param rnd  Random number
 * @param d    Decision
 */
void renumber_policy(struct policy *p, const struct renumber *rn, bool anew,
		     uint64_t now, uint32_t rnd, struct decision *d)
{
	const bool primary = rn->fromv[0] == PRIMARY, probing = p->probing;
	const bool standby = p->standby;

	move_servers(p, rn, now);
	move_numbers(p, rn);

	if (!primary)
		p->returned = p->flaps = 0;

	if (p->state == POLICY_DOWN && has_new(rn)) {
		outage_round_due(p, now, rnd, d);
		return;
	}

	if (!p->target) {
		begin_anew(p, rn, now, d);
		return;
	}

	if (anew && !state_is_at_rest(p)) {
		register_again(p, now);
		d->register_with = p->target;
	}

	if (p->state != POLICY_SETTLED)
		return;

	if (standby && !p->standby)
		binding_renew(p, d);

	look(p, !primary || (probing && !p->probing), now, rnd, d);

	p->standby_asked = 0;
	standby_begin(p);
}
