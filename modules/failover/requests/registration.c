/**
 * @file registration.c  Moves Baresip's own registration
 *
 * The registration stays Baresip's: it chooses accounts for calls by it,
 * shows it, refreshes it. We only say where it goes. ua_register() drops the
 * old client, which de-registers by itself: docs/libre.md tells what that does
 * and what is done about it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "line.h"
#include "registration.h"
#include "subscription.h"


/**
 * Let the account's next requests go to a server
 *
 * @param line   Line
 * @param server Server
 *
 * @note Not to be called while Baresip is in a function that has read the
 *       outbound proxy already; EVENT_REGISTERING comes before that.
 */
void registration_aim(struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);
	struct account *acc = line->acc;
	int err;

	line->client = server;
	(void)subscription_leave(line, server);

	err  = account_set_outbound(acc, srv->uri, 0);
	err |= account_set_regint(acc, srv->regint);
	if (err)
		warning("failover: %s: outbound proxy not set (%m)\n",
			line_name(line), err);
}


static void start(struct line *line)
{
	int err;

	line->registering = true;
	err = ua_register(line->ua);
	line->registering = false;

	/* Baresip has announced the failure, nothing is left to do */
	if (err)
		info("failover: %s: REGISTER not sent (%m)\n",
		     line_name(line), err);
}


/**
 * Register with a server
 *
 * @param line   Line
 * @param server Server
 */
void registration_move(struct line *line, unsigned server)
{
	registration_aim(line, server);
	start(line);
}


/**
 * Leave the registration to Baresip, as it would be without this module
 *
 * @param line     Line, about to be freed
 * @param outbound Outbound proxy that the user wrote, NULL: none
 * @param anew     True to register with it
 */
void registration_restore(struct line *line, const char *outbound, bool anew)
{
	registration_aim(line, PRIMARY);
	(void)account_set_outbound(line->acc, outbound, 0);

	if (anew)
		start(line);
}


/**
 * Stop Baresip's registration client: the server takes its REGISTERs, grants
 * nothing, and libre sends the next one at once. The account goes on as it
 * is.
 *
 * @param line Line
 */
void registration_stop(struct line *line)
{
	line->registering = true;
	compat_stop_register(line->ua);
	line->registering = false;
}
