/**
 * @file retire.c  Ends connections before Baresip closes them
 *
 * libre keeps a request that it has received: an INVITE for 32 s after its
 * answer. The request keeps its connection. When Baresip reopens its sockets,
 * libre lets go of all connections, but such a one stays open. When it ends
 * later, libre lets go of it once more, and frees what the request still uses:
 * docs/libre.md.
 *
 * So the connections over which requests have come are ended first. libre
 * reads the end of each, and closes it as it should.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "connection.h"
#include "retire.h"


enum {
	LOOK_EVERY = 32,             /**< Connections, then forget old ones  */
};

/** A connection over which a request has come */
struct flow {
	struct le le;
	struct sa local;
	struct sa peer;
};

static struct list flowl;
static unsigned added;


static void destructor(void *arg)
{
	struct flow *flow = arg;

	list_unlink(&flow->le);
}


static void forget_closed(void)
{
	struct le *le = list_head(&flowl);

	while (le) {

		struct flow *flow = le->data;

		le = le->next;

		if (!connection_is_open(&flow->local, &flow->peer))
			mem_deref(flow);
	}
}


static bool is_known(const struct sa *local, const struct sa *peer)
{
	struct le *le;

	for (le = list_head(&flowl); le; le = le->next) {

		const struct flow *flow = le->data;

		if (sa_cmp(&flow->peer, peer, SA_ALL) &&
		    sa_cmp(&flow->local, local, SA_ALL))
			return true;
	}

	return false;
}


/**
 * A request has been received
 *
 * @param tp    Transport
 * @param local Our address
 * @param peer  Where from
 */
void retire_heard(enum sip_transp tp, const struct sa *local,
		  const struct sa *peer)
{
	struct flow *flow;

	if (tp == SIP_TRANSP_UDP || is_known(local, peer))
		return;

	if (++added % LOOK_EVERY == 0)
		forget_closed();

	flow = mem_zalloc(sizeof(*flow), destructor);
	if (!flow)
		return;

	list_append(&flowl, &flow->le, flow);
	flow->local = *local;
	flow->peer  = *peer;
}


/**
 * End all connections over which requests have come. Data that has not arrived
 * is dropped.
 *
 * @return False if libre has closed all of them; true if it will, when it next
 *         looks at its sockets
 */
bool retire_all(void)
{
	struct le *le = list_head(&flowl);
	const bool any = le != NULL;

	while (le) {

		struct flow *flow = le->data;

		le = le->next;

		if (!connection_retire(&flow->local, &flow->peer))
			mem_deref(flow);
	}

	return any;
}


/** Forget the connections */
void retire_close(void)
{
	list_flush(&flowl);
}
