/**
 * @file answer.c  Answers of the HTTP server
 *
 * libre gets a short answer as a whole. A long one is made in parts, each when
 * the socket has taken the one before. So neither memory nor the time between
 * two SIP packets depends on its length.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "answer.h"
#include "conn.h"
#include "json.h"


enum {
	STALL_MS  = 5000,            /**< The client reads nothing           */
	LINGER_MS = 500,             /**< It may still be sending            */
};

/* Nothing from other hosts, nothing inline, no frame of another page */
static const char security[] =
	"Cache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'none'; script-src 'self';"
	" style-src 'self'; img-src 'self'; connect-src 'self';"
	" base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"X-Content-Type-Options: nosniff\r\n";


/* All is sent. If a socket is closed with unread data, it is reset, and the
   client may lose the answer. In that case the close waits. */
static void answered(struct httpd_conn *conn)
{
	(void)tcp_set_send(conn->tc, NULL);
	conn->state = LINGERING;
	conn_close_after(conn, conn->surplus ? LINGER_MS : 0);
}


static int send_part(struct httpd_conn *conn)
{
	enum { ROOM = 8 };           /* a chunk's length in hex */
	struct mbuf *mb = mbuf_alloc(8192);
	char size[ROOM + 1];
	size_t n;
	int err;

	if (!mb)
		return ENOMEM;

	mb->pos = mb->end = ROOM;

	err = conn->parth(mb, conn->arg);
	if (err)
		goto out;

	n = mb->end - ROOM;
	if (!n)
		conn->parth = NULL;

	mb->pos = conn->chunked ? 0 : ROOM;
	if (conn->chunked) {
		(void)re_snprintf(size, sizeof(size), "%06x\r\n",
				  (unsigned)n);
		err = mbuf_write_mem(mb, (uint8_t *)size, ROOM);
		mb->pos = mb->end;
		err |= mbuf_write_str(mb, "\r\n");
		mb->pos = 0;
	}

	if (!err && mbuf_get_left(mb))
		err = tcp_send(conn->tc, mb);

 out:
	mem_deref(mb);

	return err;
}


/* The socket has taken the part before */
static void send_handler(void *arg)
{
	struct httpd_conn *conn = arg;

	if (!conn->parth)
		answered(conn);
	else if (!conn_take_turn(conn))
		return;
	else if (send_part(conn))
		conn_close_after(conn, 0);
	else
		conn_close_after(conn, STALL_MS);
}


static const char *reason(uint16_t scode)
{
	switch (scode) {

	case 200: return "OK";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 422: return "Unprocessable Content";
	default:  return "Internal Server Error";
	}
}


/* Its answers have no body, RFC 9110 section 9.3.2. The head may be wrong
   otherwise, and not be decoded. */
static bool is_head(const struct httpd_conn *conn)
{
	static const char method[] = "HEAD ";
	const size_t n = sizeof(method) - 1;

	return conn->head->end >= n && !memcmp(conn->head->buf, method, n);
}


static void send_answer(struct httpd_conn *conn, struct mbuf *mb, int err)
{
	mb->pos = 0;
	conn->state = SENDING;

	if (!err)
		err = tcp_send(conn->tc, mb);
	if (!err)
		err = tcp_set_send(conn->tc, send_handler);

	conn_close_after(conn, err ? 0 : STALL_MS);
}


/**
 * Tell the client to send the body, RFC 9110 section 15.2.1
 *
 * @param conn Connection
 *
 * @return 0 if success, otherwise errorcode
 */
int answer_continue(struct httpd_conn *conn)
{
	struct mbuf *mb = mbuf_alloc(32);
	int err;

	if (!mb)
		return ENOMEM;

	err = mbuf_write_str(mb, "HTTP/1.1 100 Continue\r\n\r\n");
	mb->pos = 0;
	if (!err)
		err = tcp_send(conn->tc, mb);

	mem_deref(mb);

	return err;
}


/**
 * Answer a request, then close the connection
 *
 * @param conn    Connection, possibly closed already
 * @param scode   Status code
 * @param ctype   Content-Type
 * @param headers More headers, each with CR LF, or NULL
 * @param body    Body, or NULL
 * @param size    Its length [bytes]
 */
void answer_whole(struct httpd_conn *conn, uint16_t scode, const char *ctype,
		  const char *headers, const uint8_t *body, size_t size)
{
	struct mbuf *mb;
	int err;

	if (!conn || !conn->httpd || conn->state >= SENDING)
		return;

	mb = mbuf_alloc(1024 + size);
	if (!mb) {
		conn_close_after(conn, 0);
		return;
	}

	err = mbuf_printf(mb, "HTTP/1.1 %u %s\r\n"
			  "Content-Type: %s\r\n"
			  "Content-Length: %zu\r\n"
			  "Connection: close\r\n"
			  "%s%s\r\n", scode, reason(scode), ctype, size,
			  security, headers ? headers : "");
	if (size && !is_head(conn))
		err |= mbuf_write_mem(mb, body, size);

	send_answer(conn, mb, err);
	mem_deref(mb);
}


/**
 * Answer a request with 200 and a body that is made while the client reads
 *
 * @param conn  Connection, possibly closed already
 * @param ctype Content-Type
 * @param h     Makes the parts
 * @param arg   Handler argument, a reference that is taken over
 */
void answer_parts(struct httpd_conn *conn, const char *ctype,
			answer_part_h *h, void *arg)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb || !conn->httpd || conn->state >= SENDING) {
		mem_deref(mb);
		mem_deref(arg);
		return;
	}

	conn->parth   = is_head(conn) ? NULL : h;
	conn->arg     = arg;
	conn->chunked = pl_strcmp(&conn->msg->ver, "1.0") != 0;

	err = mbuf_printf(mb, "HTTP/1.1 200 OK\r\n"
			  "Content-Type: %s\r\n"
			  "%s"
			  "Connection: close\r\n"
			  "%s\r\n", ctype, conn->chunked ?
			  "Transfer-Encoding: chunked\r\n" : "", security);

	send_answer(conn, mb, err);
	mem_deref(mb);
}


/**
 * Answer a request with an error, as JSON
 *
 * @param conn    Connection, possibly closed already
 * @param scode   Status code
 * @param headers More headers, each with CR LF, or NULL
 * @param why     What is wrong, a sentence for the user
 */
void answer_error(struct httpd_conn *conn, uint16_t scode,
		  const char *headers, const char *why)
{
	struct mbuf *mb = mbuf_alloc(256);

	if (!mb || mbuf_printf(mb, "{\"ok\":false,\"error\":%H}",
			       json_string, why))
		conn_close_after(conn, 0);
	else
		answer_whole(conn, scode, ANSWER_JSON, headers, mb->buf,
			     mb->end);

	mem_deref(mb);
}
