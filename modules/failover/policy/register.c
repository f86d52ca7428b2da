/**
 * @file register.c  Baresip's own REGISTER, as it is answered or not
 *
 * One is pending (WAIT_ANSWER) from the moment in which it is decided on or
 * seen, until a living server answers or its time is up. Refreshes are
 * libre's; binding.c has what is done if libre sends none.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "policy_parts.h"
#include "schedule.h"


/**
 * When the server is given up if it does not answer. The last one of a round
 * has more time; what the user has set meanwhile counts.
 *
 * @param p Policy
 *
 * @return Time [ms]
 */
uint64_t register_deadline(const struct policy *p)
{
	return p->pending_since + (round_is_last(p) ? TRANSACTION_MS :
				   schedule_giveup_ms(p->set, false));
}


/**
 * A REGISTER is under way, and has a time of its own
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
	wait_arm(p, WAIT_ANSWER, register_deadline(p));
}


/**
 * A new REGISTER of Baresip's registration goes out: a refresh, or the
 * second one with credentials
 *
 * @param p      Policy
 * @param server Server it goes to
 * @param now    Time [ms]
 */
void register_sent(struct policy *p, unsigned server, uint64_t now)
{
	if (server != p->target || policy_is_at_rest(p))
		return;

	if (!policy_waits(p, WAIT_ANSWER))
		register_await(p, now);

	++p->sends;
}


/**
 * A living server has answered that REGISTER, whatever it said
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
 * A living server wants that REGISTER in another form (401, 407, 423): the
 * next one is on its way, and has a time of its own
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


/**
 * The time of that REGISTER is up
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 */
void register_time_is_up(struct policy *p, uint64_t now, uint32_t rnd,
			 struct decision *d)
{
	char reason[REASON_SIZE];

	wait_cancel(p, WAIT_ANSWER);

	/* nobody has looked for long: the answer may lie in the socket */
	if (now > register_deadline(p) + STALL_MS) {
		outage_woke(p, now, d);
		return;
	}

	view_unanswered(reason, sizeof(reason), "REGISTER",
			p->sends, now - p->pending_since);
	policy_failed(p, p->target, p->pending_since, now, rnd, reason, d);
}


/**
 * That REGISTER is about to be retransmitted. Our timer and libre's run out
 * together; what goes over the wire must not depend on which is looked at
 * first, so if its time is up, this is the moment.
 *
 * @param p      Policy
 * @param server Server it goes to
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param d      Decision
 */
void register_resent(struct policy *p, unsigned server, uint64_t now,
		     uint32_t rnd, struct decision *d)
{
	if (server != p->target || !policy_waits(p, WAIT_ANSWER))
		return;

	if (now + TIMER_SLACK_MS >= register_deadline(p))
		register_time_is_up(p, now, rnd, d);
	else
		++p->sends;
}
