/**
 * @file conn.c  A connection of the HTTP server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "conn.h"
#include "head.h"


static void destructor(void *arg)
{
	struct httpd_conn *conn = arg;

	tmr_cancel(&conn->tmr);
	mem_deref(conn->sc);
	mem_deref(conn->tc);
	mem_deref(conn->tls);
	mem_deref(conn->msg);
	mem_deref(conn->head);
	mem_deref(conn->body);
	mem_deref(conn->arg);
}


/**
 * Allocate a connection without its socket
 *
 * @param connp Connection
 * @param httpd Server
 * @param turn  Shared turn of all connections
 * @param peer  Address of the client
 *
 * @return 0 if success, otherwise errorcode
 */
int conn_alloc(struct httpd_conn **connp, struct httpd *httpd,
	       struct turn *turn, const struct sa *peer)
{
	struct httpd_conn *conn;

	conn = mem_zalloc(sizeof(*conn), destructor);
	if (!conn)
		return ENOMEM;

	tmr_init(&conn->tmr);
	conn->httpd = httpd;
	conn->turn  = turn;
	conn->peer  = *peer;
	conn->head  = mbuf_alloc(HEAD_MAX);
	if (!conn->head) {
		mem_deref(conn);
		return ENOMEM;
	}

	*connp = conn;

	return 0;
}


static void turn_handler(void *arg)
{
	struct turn *turn = arg;

	turn->taken = false;
}


/**
 * May this connection make a part of its answer now? Only one may in a turn of
 * the main loop. The socket asks again in the next turn.
 *
 * @param conn Connection
 *
 * @return True if it may
 */
bool conn_take_turn(struct httpd_conn *conn)
{
	if (conn->turn->taken)
		return false;

	conn->turn->taken = true;
	tmr_start(&conn->turn->tmr, 0, turn_handler, conn->turn);

	return true;
}


/**
 * Close a connection. References to it stay valid, to answer later
 *
 * @param conn Connection
 */
void conn_close(struct httpd_conn *conn)
{
	tmr_cancel(&conn->tmr);
	conn->httpd = NULL;
	conn->sc    = mem_deref(conn->sc);
	conn->tc    = mem_deref(conn->tc);
	conn->parth = NULL;
	conn->arg   = mem_deref(conn->arg);
	list_unlink(&conn->le);
	mem_deref(conn);
}


static void close_handler(void *arg)
{
	conn_close(arg);
}


/**
 * Close a connection after a time. In a callback of libre's use this even with
 * 0, since libre still uses the connection.
 *
 * @param conn Connection
 * @param ms   Time [ms]
 */
void conn_close_after(struct httpd_conn *conn, uint64_t ms)
{
	tmr_start(&conn->tmr, ms, close_handler, conn);
}
