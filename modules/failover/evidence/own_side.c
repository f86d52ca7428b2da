/**
 * @file own_side.c  What is seen of the phone's own side
 *
 * Its network and its clock: an outage of the phone's own is no server's
 * fault. Part of the evidence, as evidence.c.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "chance.h"
#include "clock.h"
#include "decide.h"
#include "line.h"
#include "outage.h"
#include "own_side.h"
#include "path.h"
#include "presence.h"
#include "report.h"
#include "schedule.h"
#include "state.h"
#include "subscription.h"


enum {
	AGAIN_MS = 1000,             /**< The kernel looks for neighbours    */
	RETRY_DOUBLE = 5,            /**< Up to 32 s, if that is no cure     */
};


static void go_offline(struct line *line)
{
	struct decision d = {0};

	if (line->policy.state != POLICY_IDLE)
		report_offline(line);

	outage_begin(&line->policy, clock_ms(), chance_u32());
	line->drop_requests = true;
	memset(&line->todo, 0, sizeof(line->todo));
	decide_take(line, &d);
}


/**
 * Something has failed, or is about to be judged: is it on our own side? If
 * so, no server is blamed.
 *
 * @param line Line
 *
 * @return True if it is
 */
bool own_side_is_at_fault(struct line *line)
{
	if (path_find(line) == PATH_SAME) {
		if (line->policy.state != POLICY_OFFLINE)
			report_online(line);
		return false;
	}

	go_offline(line);

	return true;
}


static void again_handler(void *arg)
{
	struct line *line = arg;
	struct decision d = {0};

	outage_woke(&line->policy, clock_ms(), &d);
	decide_take(line, &d);
}


/**
 * Register anew in a moment: the network has just come
 *
 * @param line Line
 */
void own_side_try_again(struct line *line)
{
	timer_start(&line->tmr_again, AGAIN_MS, again_handler, line);
}


static void retry_handler(void *arg)
{
	struct line *line = arg;
	struct decision d = {0};

	outage_retry(&line->policy, clock_ms(), &d);
	decide_take(line, &d);
}


/**
 * Baresip could not send its REGISTER for want of memory, descriptors or the
 * like: try again with the same server
 *
 * @param line Line
 */
void own_side_in_want(struct line *line)
{
	const unsigned doubled = MIN(line->unsent, RETRY_DOUBLE);

	++line->unsent;
	timer_start(&line->tmr_again, (uint64_t)RETRY_MS << doubled,
		    retry_handler, line);
}


/**
 * The machine has a network again, or another address
 *
 * @param line Line
 */
void own_side_network_back(struct line *line)
{
	struct decision d = {0};

	report_online(line);
	path_note(line);
	line->drop_requests = true;
	line->network_since = clock_ms();

	outage_end(&line->policy, clock_ms(), &d);
	decide_take(line, &d);
}


/**
 * Something has changed in the machine's network: is it of interest?
 *
 * @param line  Line
 * @param added True if an address or a route was added
 *
 * @return True if Baresip's sockets are not what they should be any more
 */
bool own_side_network_changed(struct line *line, bool added)
{
	const enum path path = path_find(line);
	const bool was_offline = line->policy.state == POLICY_OFFLINE;

	if (path == PATH_NONE) {
		go_offline(line);
		return false;
	}

	if (path != PATH_SAME || was_offline ||
	    (added && line->policy.state == POLICY_DOWN))
		own_side_network_back(line);

	return path != PATH_SAME ||
		(was_offline && path_has_connections(line));
}


/**
 * The machine has slept, or the clock was set
 *
 * @param line Line
 *
 * @return True if Baresip's sockets are not what they should be any more
 */
bool own_side_woke(struct line *line)
{
	struct decision d = {0};

	if (path_find(line) != PATH_SAME)
		return own_side_network_changed(line, false);

	line->drop_requests = true;
	line->network_since = clock_ms();

	outage_woke(&line->policy, clock_ms(), &d);
	decide_take(line, &d);

	return path_has_connections(line);
}


/* Where Contacts name the connection, no NOTIFY comes over the new one */
static bool loses_subscriptions(struct line *line, unsigned server)
{
	if (!COMPAT_OWN_PORT ||
	    server_transp(line_server(line, server)) == SIP_TRANSP_UDP)
		return false;

	presence_lost(line);

	return subscription_lost(line, server);
}


/**
 * Baresip has opened its sockets anew, and registers
 *
 * @param line Line
 */
void own_side_renewed(struct line *line)
{
	const unsigned server = line->policy.target;

	line->sockets_since = clock_ms();

	if (!state_is_at_rest(&line->policy) &&
	    loses_subscriptions(line, server))
		line->todo.register_with = server;

	decide_go_on(line);
}
