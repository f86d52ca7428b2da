/**
 * @file state.c  The state of an account, and the one function that sets it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "foreign.h"
#include "state.h"
#include "wait.h"


/**
 * A server
 *
 * @param p      Policy
 * @param server Number, from 1
 *
 * @return Server
 */
struct policy_server *state_server(struct policy *p, unsigned server)
{
	return &p->serverv[server - 1];
}


/**
 * Set the place of a server among the others
 *
 * @param p      Policy
 * @param server Server
 * @param place  Its place; all zero: no other server is as good, and the
 *               account returns to it only if it is the first
 */
void state_place(struct policy *p, unsigned server,
		 const struct policy_place *place)
{
	struct policy_place *mine = &state_server(p, server)->place;

	*mine = *place;

	if (!mine->rank) {
		mine->rank   = server;
		mine->sought = server == PRIMARY;
	}
}


/**
 * Store what is known of a server
 *
 * @param p      Policy
 * @param server Server
 * @param health Its health
 * @param now    Time [ms]
 * @param reason What was seen, for the user; may come from the server
 */
void state_mark(struct policy *p, unsigned server, enum health health,
		uint64_t now, const char *reason)
{
	struct policy_server *srv = state_server(p, server);

	/* mostly it is the same again */
	if (strcmp(srv->reason, reason))
		foreign_clean(srv->reason, sizeof(srv->reason), reason,
			      strlen(reason));

	if (srv->health == health)
		return;

	srv->health = health;
	srv->since  = now;
}


/* There is no standby any more */
static void end_standby(struct policy *p)
{
	p->standby       = 0;
	p->standby_asked = 0;
	wait_cancel(p, WAIT_STANDBY);
}


/* Forget the checks of better servers */
static void forget_probes(struct policy *p)
{
	for (unsigned i = PRIMARY; i <= p->serverc; i++)
		state_server(p, i)->good_probes = 0;
}


static void forget_all(struct policy *p)
{
	for (unsigned i = PRIMARY; i <= p->serverc; i++)
		state_server(p, i)->registered = false;

	p->probing  = 0;
	p->renewing = false;
	end_standby(p);
}


/**
 * Enter a state. Only this function writes `state`. It clears what the new
 * state may not have.
 *
 * @param p     Policy
 * @param state New state; may be the present one
 */
void policy_enter(struct policy *p, enum policy_state state)
{
	if (state != POLICY_MOVING)
		p->origin = 0;
	else if (p->state == POLICY_SETTLED)
		p->origin = p->target;

	p->state    = state;
	p->failures = 0;

	if (state != POLICY_SETTLED) {
		forget_probes(p);
		p->overdue       = false;
		p->libre_refresh = 0;
	}

	switch (state) {

	case POLICY_IDLE:
		p->home = 0;
		p->check_at_once = false;
		forget_all(p);
		break;

	case POLICY_OFFLINE:
		forget_all(p);
		break;

	case POLICY_DOWN:
		end_standby(p);
		break;

	case POLICY_SETTLED:
		p->failed_rounds = 0;
		p->home          = 0;
		break;

	case POLICY_MOVING:
		break;
	}

	wait_keep_allowed(p);
}


/**
 * Is no REGISTER of Baresip's expected?
 *
 * @param p Policy
 *
 * @return True if none is
 */
bool state_is_at_rest(const struct policy *p)
{
	return p->state != POLICY_MOVING && p->state != POLICY_SETTLED;
}
