/**
 * @file order.c  Which servers a round has left, and how long the present one
 * is given
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "order.h"
#include "schedule.h"
#include "state.h"


/**
 * Does a server's Retry-After still run? RFC 3261 section 21.5.4
 *
 * @param p      Policy
 * @param server Server
 * @param now    Time [ms]
 *
 * @return True if it does
 */
bool order_leaves_alone(const struct policy *p, unsigned server,
			uint64_t now)
{
	return now < p->serverv[server - 1].retry_after;
}


static unsigned untried(const struct policy *p, bool maintenance,
			uint64_t now)
{
	for (unsigned i = PRIMARY; i <= p->serverc; i++) {
		if (!(p->tried & server_bit(i)) &&
		    state_in_maintenance(p, i) == maintenance &&
		    !order_leaves_alone(p, i, now))
			return i;
	}

	return 0;
}


/**
 * The first server that this round has not tried. Those in maintenance come
 * last.
 *
 * @param p   Policy
 * @param now Time [ms]
 *
 * @return Server, 0 if none is left
 */
unsigned order_untried(const struct policy *p, uint64_t now)
{
	const unsigned server = untried(p, false, now);

	return server ? server : untried(p, true, now);
}


/**
 * Is the server that is being tried the last one left?
 *
 * @param p Policy
 *
 * @return True if it is
 */
bool order_is_last(const struct policy *p)
{
	return p->state == POLICY_MOVING &&
		!order_untried(p, p->pending_since);
}


/**
 * When the server is given up if it does not answer. The last one of a round
 * has more time. A setting changed since then counts.
 *
 * @param p Policy
 *
 * @return Time [ms]
 */
uint64_t order_deadline(const struct policy *p)
{
	return p->pending_since + (order_is_last(p) ? TRANSACTION_MS :
				   schedule_giveup_ms(p->set, false));
}
