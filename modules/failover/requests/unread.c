/**
 * @file unread.c  What has arrived, and libre has not read yet
 *
 * libre reads one packet of each socket, then runs all timers that are due. If
 * the process had to wait for its turn, the answers to several requests are in
 * a socket when their time is up. So before a server is given up, libre reads
 * what there is. Packets may arrive faster than it can read, so this ends
 * after a while.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "connection.h"
#include "line.h"
#include "sockets.h"
#include "unread.h"


enum {
	READ_MS = 500,               /**< A full socket takes less           */
};


/**
 * Is there anything in the sockets that a server's answers come to?
 *
 * @param line   Line
 * @param server Server
 *
 * @return True if there is
 */
bool unread_is(const struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);

	if (server_transp(srv) == SIP_TRANSP_UDP)
		return sockets_are_unread();

	if (sa_isset(&srv->addr, SA_ALL) && connection_is_unread(&srv->addr))
		return true;

	for (size_t i = 0; i < srv->targetc; i++) {
		if (connection_is_unread(&srv->targetv[i].addr))
			return true;
	}

	return false;
}


/**
 * The time of a request is up: is it to wait until libre has read what has
 * arrived?
 *
 * @param since  When this was asked first, 0 before; updated [ms]
 * @param line   Line
 * @param server Server that has not answered
 * @param due    When the time was up [ms]
 *
 * @return True if it is: look again after UNREAD_MS
 */
bool unread_wait(uint64_t *since, const struct line *line, unsigned server,
		 uint64_t due)
{
	const uint64_t now = clock_ms();

	if (*since < due)
		*since = now;

	return now < *since + READ_MS && unread_is(line, server);
}
