/**
 * @file conn.h  A connection of the HTTP server, for its own files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONN_H
#define FAILOVER_CONN_H

#include "answer.h"

struct httpd;

/** State of a connection */
enum state {
	READING,                     /**< The request is not complete        */
	WORKING,                     /**< The handler has the request        */
	SENDING,                     /**< The answer is being sent           */
	LINGERING,                   /**< Answered, and still reading        */
};

/** In one turn of the main loop, only one part of a long answer is made */
struct turn {
	struct tmr tmr;              /**< Ends the turn                      */
	bool taken;
};

/** A connection, for one request */
struct httpd_conn {
	struct le le;
	struct turn *turn;           /**< Shared by all of the server        */
	struct httpd *httpd;         /**< NULL: the connection is closed     */
	struct sa peer;
	struct tcp_conn *tc;
	struct tls_conn *sc;
	struct tls *tls;             /**< ... of it, may be an earlier one   */
	struct tmr tmr;
	enum state state;

	struct mbuf *head;
	struct http_msg *msg;        /**< Decoded head                       */
	struct mbuf *body;
	size_t length;               /**< Length of the whole body [bytes]   */
	size_t surplus;              /**< Read and ignored [bytes]           */

	answer_part_h *parth;        /**< Parts to send, NULL: none          */
	void *arg;                   /**< ... its argument, owned            */
	bool chunked;
};

int  conn_alloc(struct httpd_conn **connp, struct httpd *httpd,
		struct turn *turn, const struct sa *peer);
bool conn_take_turn(struct httpd_conn *conn);
void conn_close(struct httpd_conn *conn);
void conn_close_after(struct httpd_conn *conn, uint64_t ms);

#endif
