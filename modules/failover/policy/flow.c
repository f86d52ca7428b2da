/**
 * @file flow.c  The connection to a server has ended while the phone is idle
 *
 * Nobody can call the phone then, so it registers anew with the same server.
 * It waits a random time of up to a second, so that a server that restarts
 * does not get all of its phones at once. If the server ends each new
 * connection soon, the times of RFC 5626 section 4.5 apply. Soon is less than
 * what servers and filters give an idle connection: half a minute at least.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "flow.h"
#include "register.h"
#include "schedule.h"
#include "state.h"
#include "wait.h"


enum {
	STEADY_MS = 20 * 1000,       /**< Longer than this: it was stable    */
};


/* The first loss waits a second at most. After each further loss of a short
   connection the wait grows, up to the maximum. */
static uint64_t wait_ms(struct policy_server *srv, uint64_t lived_ms,
			uint32_t rnd)
{
	uint64_t ms;

	if (lived_ms >= STEADY_MS)
		srv->flow_losses = 0;

	ms = srv->flow_losses ? schedule_round_ms(srv->flow_losses, rnd) :
		schedule_flow_ms(rnd);

	++srv->flow_losses;

	return ms;
}


/**
 * The connection to a server has ended
 *
 * @param p        Policy
 * @param server   Server
 * @param lived_ms How long the account was registered over it [ms]
 * @param now      Time [ms]
 * @param rnd      Random number
 * @param wait     Set to the time until the account registers there anew [ms]
 *
 * @return True if it will register anew; false if the server is not in use, if
 *         a REGISTER is under way, or without failover_flow
 */
bool flow_ended(struct policy *p, unsigned server, uint64_t lived_ms,
		uint64_t now, uint32_t rnd, uint64_t *wait)
{
	if (!p->set->flow || p->state != POLICY_SETTLED)
		return false;

	if (server == p->target) {
		if (policy_waits(p, WAIT_ANSWER) || policy_waits(p, WAIT_FLOW))
			return false;

		*wait = wait_ms(state_server(p, server), lived_ms, rnd);
		wait_arm(p, WAIT_FLOW, now + *wait);
	}
	else if (server == p->standby && !p->standby_asked) {
		*wait = wait_ms(state_server(p, server), lived_ms, rnd);
		wait_arm(p, WAIT_STANDBY, now + *wait);
	}
	else {
		return false;
	}

	state_mark(p, server, HEALTH_UP, now, "connection ended");

	return true;
}


/**
 * It is time to register anew
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Not used
 * @param d   Decision
 */
void flow_renew(struct policy *p, uint64_t now, uint32_t rnd,
		struct decision *d)
{
	(void)rnd;

	/* Baresip has registered by itself */
	if (policy_waits(p, WAIT_ANSWER))
		return;

	/* the server stays the same: earlier requests to it still count */
	register_await(p, now);
	d->register_with = p->target;
}
