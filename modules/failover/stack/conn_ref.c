/**
 * @file conn_ref.c  Keeps connections that libre would free twice
 *
 * A request that libre has received keeps the connection that it came over. An
 * INVITE is kept for 32 s after its answer. When Baresip reopens its sockets,
 * libre drops its own reference to each connection. One that is kept stays
 * open, and when it ends, libre drops that reference once more. Then it is
 * freed while the request still has it: docs/libre.md.
 *
 * So this file has a reference to each connection that a request has come
 * over. Once libre has dropped its own, that of a connection that is kept and
 * open is left to libre. Baresip reopens its sockets by itself, too, and its
 * event REGISTERING comes before anything else is done.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "conn_ref.h"
#include "connection.h"


/** A connection that a request has come over. The first member of libre's
    struct sip_conn, in all versions, is its place in libre's table. */
struct conn_ref {
	struct le le;
	struct sa local;
	struct sa peer;
	struct le *conn;             /**< libre's, NULL: left to it          */
};

static struct list refl;


static void destructor(void *arg)
{
	struct conn_ref *ref = arg;

	list_unlink(&ref->le);
	mem_deref(ref->conn);
}


static bool is_open(const struct conn_ref *ref)
{
	return connection_is_open(&ref->local, &ref->peer);
}


static bool is_held(const void *conn)
{
	struct le *le;

	for (le = list_head(&refl); le; le = le->next) {

		const struct conn_ref *ref = le->data;

		if (ref->conn == conn)
			return true;
	}

	return false;
}


/**
 * A request has been received
 *
 * @param msg Request, as libre has decoded it
 */
void conn_ref_received(const struct sip_msg *msg)
{
	const struct le *conn = msg->sock;
	struct conn_ref *ref;

	if (msg->tp == SIP_TRANSP_UDP || !conn || !conn->list || is_held(conn))
		return;

	ref = mem_zalloc(sizeof(*ref), destructor);
	if (!ref)
		return;

	list_append(&refl, &ref->le, ref);
	ref->local = msg->dst;
	ref->peer  = msg->src;
	ref->conn  = mem_ref(msg->sock);
}


/**
 * Has libre dropped its references? It drops that of an open connection again
 * when it ends, if somebody else keeps it until then: that will be ours.
 */
void conn_ref_look(void)
{
	struct le *le = list_head(&refl);

	while (le) {

		struct conn_ref *ref = le->data;

		le = le->next;

		if (ref->conn->list)
			continue;

		if (mem_nrefs(ref->conn) > 1 && is_open(ref))
			ref->conn = NULL;
		mem_deref(ref);
	}
}


/** Drop all references */
void conn_ref_close(void)
{
	conn_ref_look();
	list_flush(&refl);
}
