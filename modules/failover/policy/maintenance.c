/**
 * @file maintenance.c  Servers that are left alone for a while
 *
 * An operator is about to restart a server. Rounds, checks and the standby
 * avoid it while there is another one. The account leaves it without a gap. If
 * all other servers are dead, the phone still uses it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failback.h"
#include "maintenance.h"
#include "standby.h"
#include "state.h"


/**
 * Take a server out of use for a while, or into use again
 *
 * @param p      Policy
 * @param server Server
 * @param on     True to leave it alone
 * @param now    Time [ms]
 * @param rnd    Random number
 * @param d      Decision
 *
 * @return False if it was so before
 */
bool maintenance_set(struct policy *p, unsigned server, bool on, uint64_t now,
		     uint32_t rnd, struct decision *d)
{
	struct policy_server *srv = state_server(p, server);

	if (srv->maintenance == on)
		return false;

	srv->maintenance = on;
	p->probing       = 0;        /* asked under other conditions */

	if (on && (server != p->target || server == p->standby))
		standby_lost(p, server, now, rnd, d);

	if (on && p->state == POLICY_MOVING && server == p->target)
		p->check_at_once = true;

	if (p->state != POLICY_SETTLED)
		return true;

	if (state_in_maintenance(p, p->target))
		failback_leave(p, now, rnd, d);
	else
		failback_schedule(p, now, rnd);

	return true;
}
