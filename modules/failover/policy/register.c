/**
 * @file register.c  Baresip's own REGISTER, answered or not
 *
 * A REGISTER is pending (WAIT_ANSWER) from the moment when it is decided on or
 * seen, until a living server answers or its time is up. libre sends the
 * refreshes. If it sends none, binding.c acts.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "order.h"
#include "register.h"
#include "state.h"
#include "wait.h"


/**
 * A REGISTER is under way, and its time begins
 *
 * @param p   Policy
 * @param now When it was or would have been sent [ms]
 */
void register_await(struct policy *p, uint64_t now)
{
	p->pending_since  = now > p->started ? now : p->started;
	p->sends          = 0;
	p->deregs_pending = p->deregs;
	p->libre_refresh  = 0;

	wait_cancel(p, WAIT_REFRESH);
	wait_arm(p, WAIT_ANSWER, order_deadline(p));
}


/**
 * Move to a server: its REGISTER is now under way
 *
 * @param p      Policy
 * @param server Server
 * @param now    Time [ms]
 */
void register_try(struct policy *p, unsigned server, uint64_t now)
{
	if (server != p->target)
		p->renewing = false;

	policy_enter(p, POLICY_MOVING);

	p->target   = server;
	p->tried   |= server_bit(server);
	p->started  = now;

	register_await(p, now);
}


/**
 * Register anew with the server in use
 *
 * @param p   Policy
 * @param now Time [ms]
 */
void register_again(struct policy *p, uint64_t now)
{
	p->started = now;
	register_await(p, now);
}


/**
 * Baresip sends a new REGISTER: a refresh, or one with credentials
 *
 * @param p      Policy
 * @param server Server it goes to
 * @param now    Time [ms]
 */
void register_sent(struct policy *p, unsigned server, uint64_t now)
{
	if (server != p->target || state_is_at_rest(p))
		return;

	if (!policy_waits(p, WAIT_ANSWER))
		register_await(p, now);

	++p->sends;
}


/**
 * A living server has answered that REGISTER with any status
 *
 * @param p      Policy
 * @param server Server that answered
 */
void register_answered(struct policy *p, unsigned server)
{
	if (server == p->target)
		wait_cancel(p, WAIT_ANSWER);
}


/**
 * A living server wants that REGISTER in another form (401, 407, 423). Baresip
 * sends the next one, and its time begins.
 *
 * @param p      Policy
 * @param server Server that answered
 * @param now    Time [ms]
 */
void register_challenged(struct policy *p, unsigned server, uint64_t now)
{
	if (server == p->target && policy_waits(p, WAIT_ANSWER))
		register_await(p, now);
}
