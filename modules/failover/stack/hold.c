/**
 * @file hold.c  Keeps connections that libre would free twice
 *
 * A request that libre has received keeps the connection that it came over. An
 * INVITE is kept for 32 s after its answer. When Baresip reopens its sockets,
 * libre drops its own reference to each connection. One that is kept stays
 * open, and when it ends, libre drops that reference once more. Then it is
 * freed while the request still has it: docs/libre.md.
 *
 * So this file has a reference to each connection that a request has come
 * over. When Baresip reopens its sockets, those of the connections that will
 * stay open are left to libre.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "connection.h"
#include "hold.h"


enum {
	LOOK_EVERY = 32,             /**< Connections, then drop closed ones */
	OWNERS     = 2,              /**< libre's table, and this file       */
};

/** A connection that a request has come over */
struct hold {
	struct le le;
	struct sa local;
	struct sa peer;
	void *conn;                  /**< libre's, NULL: left to it          */
};

static struct list holdl;
static unsigned added;


static void destructor(void *arg)
{
	struct hold *hold = arg;

	list_unlink(&hold->le);
	mem_deref(hold->conn);
}


static bool is_open(const struct hold *hold)
{
	return connection_is_open(&hold->local, &hold->peer);
}


static void drop_closed(void)
{
	struct le *le = list_head(&holdl);

	while (le) {

		struct hold *hold = le->data;

		le = le->next;

		if (!is_open(hold))
			mem_deref(hold);
	}
}


static bool is_held(const void *conn)
{
	struct le *le;

	for (le = list_head(&holdl); le; le = le->next) {

		const struct hold *hold = le->data;

		if (hold->conn == conn)
			return true;
	}

	return false;
}


/**
 * A request has been received
 *
 * @param msg Request, as libre has decoded it
 */
void hold_received(const struct sip_msg *msg)
{
	struct hold *hold;

	if (msg->tp == SIP_TRANSP_UDP || !msg->sock || is_held(msg->sock))
		return;

	if (++added % LOOK_EVERY == 0)
		drop_closed();

	hold = mem_zalloc(sizeof(*hold), destructor);
	if (!hold)
		return;

	list_append(&holdl, &hold->le, hold);
	hold->local = msg->dst;
	hold->peer  = msg->src;
	hold->conn  = mem_ref(msg->sock);
}


/**
 * libre is about to drop its references to all connections. It drops that of
 * an open one again when it ends, if somebody else keeps it until then: that
 * will be ours.
 */
void hold_let_go(void)
{
	struct le *le = list_head(&holdl);

	while (le) {

		struct hold *hold = le->data;

		le = le->next;

		if (mem_nrefs(hold->conn) > OWNERS && is_open(hold))
			hold->conn = NULL;
		mem_deref(hold);
	}
}


/** Drop all references */
void hold_close(void)
{
	list_flush(&holdl);
}
