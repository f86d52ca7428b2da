/**
 * @file attempt.c  A request on its way through an account's servers
 *
 * What calls being set up and calls being hung up have in common: each server
 * once, each for its time, the last for 64*T1.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "attempt.h"
#include "failover.h"
#include "schedule.h"


/**
 * Begin with no server tried
 *
 * @param att  Attempt
 * @param line Line
 * @param met  Method, a static text
 * @param h    Called when the present server's time is up
 * @param arg  Handler argument
 */
void attempt_init(struct attempt *att, struct line *line, const char *met,
		  tmr_h *h, void *arg)
{
	memset(att, 0, sizeof(*att));

	tmr_init(&att->tmr);
	att->line = line;
	att->met  = met;
	att->h    = h;
	att->arg  = arg;
}


/**
 * The request is being sent to a server
 *
 * @param att    Attempt
 * @param server Server
 */
void attempt_start(struct attempt *att, unsigned server)
{
	const bool invite = !strcmp(att->met, "INVITE");

	att->server = server;
	att->tried |= 1u << server;
	att->since  = tmr_jiffies();
	att->sends  = 0;

	tmr_start(&att->tmr, attempt_is_last(att) ? TRANSACTION_MS :
		  schedule_giveup_ms(&att->line->set, invite),
		  att->h, att->arg);
}


/**
 * The present server needs no watching any more
 *
 * @param att Attempt
 */
void attempt_stop(struct attempt *att)
{
	tmr_cancel(&att->tmr);
}


/**
 * The present server has not answered: that is evidence
 *
 * @param att Attempt
 */
void attempt_unanswered(const struct attempt *att)
{
	line_unanswered(att->line, att->server, att->met, att->sends,
			att->since);
}


/**
 * Has the request been sent to this server?
 *
 * @param att    Attempt
 * @param server Server
 *
 * @return True if it has
 */
bool attempt_is_tried(const struct attempt *att, unsigned server)
{
	return att->tried & (1u << server);
}


/**
 * Is the present server the last one?
 *
 * @param att Attempt
 *
 * @return True if it is
 */
bool attempt_is_last(const struct attempt *att)
{
	for (unsigned i = PRIMARY; i <= att->line->serverc; i++) {
		if (!attempt_is_tried(att, i))
			return false;
	}

	return true;
}


/**
 * Is it time to give up, at the moment of a retransmission? Our timer and
 * libre's run out together: see policy_resent().
 *
 * @param att Attempt
 *
 * @return True if it is
 */
bool attempt_is_due(const struct attempt *att)
{
	return tmr_isrunning(&att->tmr) &&
		tmr_get_expire(&att->tmr) <= TIMER_SLACK_MS;
}


/**
 * Has the account left the present server because it failed?
 *
 * @param att Attempt
 *
 * @return True if it has
 */
bool attempt_is_stranded(const struct attempt *att)
{
	const struct policy *p = &att->line->policy;

	return (p->target != att->server || p->state == POLICY_DOWN) &&
		p->serverv[att->server - 1].health == HEALTH_DOWN;
}
