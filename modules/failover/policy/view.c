/**
 * @file view.c  The policy's state, for timers and reports
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include "view.h"


/**
 * Write that a request was not answered
 *
 * @param buf   Buffer for the text
 * @param size  Its size
 * @param met   Method
 * @param sends Transmissions seen; 0: in that time its name was not resolved,
 *              or the connection not made
 * @param ms    Time since it was to be sent [ms]
 */
void view_unanswered(char *buf, size_t size, const char *met,
		     unsigned sends, uint64_t ms)
{
	const double s = (double)ms / 1000;

	if (sends > 1)
		(void)snprintf(buf, size, "%s not answered, sent %u times in"
			       " %.1f s", met, sends, s);
	else if (sends)
		(void)snprintf(buf, size, "%s not answered in %.1f s", met, s);
	else
		(void)snprintf(buf, size, "%s could not be sent in %.1f s",
			       met, s);
}


/**
 * Write that a server is too slow to be used
 *
 * @param buf      Buffer for the text
 * @param size     Its size
 * @param took_ms  Time until it answered [ms]
 * @param given_ms Time that a server in use is given [ms]
 */
void view_slow(char *buf, size_t size, uint64_t took_ms, uint64_t given_ms)
{
	(void)snprintf(buf, size, "answers after %.1f s, later than the %.1f s"
		       " that it is given", (double)took_ms / 1000,
		       (double)given_ms / 1000);
}


/**
 * The server in use
 *
 * @param p Policy
 *
 * @return Number of the server; while moving the one that is being left;
 *         0 if none is in use
 */
unsigned view_active(const struct policy *p)
{
	switch (p->state) {

	case POLICY_SETTLED: return p->target;
	case POLICY_MOVING:  return p->origin;
	default:             return 0;
	}
}


/**
 * The state in the words of the status report
 *
 * @param p Policy
 *
 * @return Static text
 */
const char *view_statename(const struct policy *p)
{
	switch (p->state) {

	case POLICY_MOVING:
		return "moving";
	case POLICY_SETTLED:
		return p->serverv[p->target - 1].place.rank == PRIMARY ?
			"primary" : "backup";
	default:
		return "down";
	}
}


/**
 * A server's state in the words of the status report
 *
 * @param srv Server
 *
 * @return Static text
 */
const char *view_server(const struct policy_server *srv)
{
	if (srv->maintenance)
		return "maintenance";

	switch (srv->health) {

	case HEALTH_UP:   return "up";
	case HEALTH_DOWN: return "down";
	default:          return "unknown";
	}
}
