/**
 * @file filter.c  Which servers may send the phone a request
 *
 * With filter_registrar, Baresip refuses what does not come from the address
 * that has answered its registration last. A call may come from another
 * server of the account all the same: the one that stands by, or one that
 * shares its location table. If that server is up, the filter is lifted for
 * this one request. Baresip asks it while it handles the request, which it
 * does right after we have seen it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "line.h"
#include "line_find.h"
#include "filter.h"


static struct {
	struct tmr tmr;
	uint32_t mask;               /**< The filter, while it is lifted     */
	bool lifted;
} filter;


static void restore(void)
{
	tmr_cancel(&filter.tmr);

	if (filter.lifted)
		*compat_filter() = filter.mask;

	filter.lifted = false;
}


static void restore_handler(void *arg)
{
	(void)arg;
	restore();
}


/* By address alone, as Baresip does it: a connection may be from any port */
static bool is_from(const struct server *srv, const struct sa *src)
{
	for (size_t i = 0; i < srv->targetc; i++) {
		if (sa_cmp(&srv->targetv[i].addr, src, SA_ADDR))
			return true;
	}

	return sa_cmp(&srv->addr, src, SA_ADDR) ||
		sa_cmp(&srv->dst, src, SA_ADDR);
}


static bool is_from_any(const struct line *line, const struct sa *src)
{
	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (line->policy.serverv[i - 1].health == HEALTH_UP &&
		    is_from(line_server(line, i), src))
			return true;
	}

	return false;
}


/**
 * A request has been received, and Baresip is about to handle it
 *
 * @param msg Request
 * @param src Where it is from
 */
void filter_received(const struct sip_msg *msg, const struct sa *src)
{
	uint32_t *mask = compat_filter();
	const struct line *line;

	if (!mask)
		return;

	restore();
	if (!*mask)
		return;

	line = line_find_called(msg);
	if (!line || !is_from_any(line, src))
		return;

	filter.mask   = *mask;
	filter.lifted = true;
	*mask = 0;
	tmr_start(&filter.tmr, 0, restore_handler, NULL);
}


/** Leave the filter as it is configured */
void filter_close(void)
{
	restore();
}
