/**
 * @file register.c  Baresip's own REGISTER, as it is answered or not
 *
 * One is pending from the moment in which it is decided on or seen, until a
 * living server answers or its time is up. Refreshes are libre's: when the
 * next one is due follows from what the registrar has granted.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "policy_parts.h"
#include "schedule.h"


enum {
	REFRESH_LATE_MS = 500,       /**< libre's timer has had its chance   */
};


static uint64_t deadline(const struct policy *p)
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
	p->pending        = true;
	p->pending_since  = now;
	p->sends          = 0;
	p->deregs_pending = p->deregs;
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

	if (!p->pending)
		register_await(p, now);

	p->refresh_due = 0;
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
		p->pending = false;
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
	if (server == p->target && p->pending)
		register_await(p, now);
}


/* If nobody has looked for long, the answer may lie in the socket */
static void time_is_up(struct policy *p, uint64_t now, uint32_t rnd,
		       struct decision *d)
{
	char reason[REASON_SIZE];

	if (now > deadline(p) + STALL_MS) {
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
	if (server != p->target || !p->pending)
		return;

	if (now + TIMER_SLACK_MS >= deadline(p))
		time_is_up(p, now, rnd, d);
	else
		++p->sends;
}


/**
 * The target has granted a registration: when libre will refresh it is known
 *
 * @param p          Policy
 * @param server     Server that granted it
 * @param refresh_ms Time until the refresh [ms]
 * @param now        Time [ms]
 */
void register_granted(struct policy *p, unsigned server, uint64_t refresh_ms,
		      uint64_t now)
{
	if (server == p->target)
		p->refresh_due = now + refresh_ms;
}


/**
 * Time has passed for that REGISTER
 *
 * @param p   Policy
 * @param now Time [ms]
 * @param rnd Random number
 * @param d   Decision
 *
 * @return True if its time was up
 */
bool register_tick(struct policy *p, uint64_t now, uint32_t rnd,
		   struct decision *d)
{
	/* due, but not on the wire: the connection to the server hangs */
	if (!p->pending && p->refresh_due &&
	    now >= p->refresh_due + REFRESH_LATE_MS) {
		register_await(p, p->refresh_due);
		p->refresh_due = 0;
	}

	if (!p->pending || now < deadline(p))
		return false;

	time_is_up(p, now, rnd, d);

	return true;
}


/**
 * When the next tick is due for that REGISTER
 *
 * @param p Policy
 *
 * @return Time [ms], UINT64_MAX if none is
 */
uint64_t register_next(const struct policy *p)
{
	if (p->pending)
		return deadline(p);

	return p->refresh_due ? p->refresh_due + REFRESH_LATE_MS : UINT64_MAX;
}
