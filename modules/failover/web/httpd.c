/**
 * @file httpd.c  A small HTTP/1.1 server
 *
 * It runs in the thread of SIP, so the cost of a client is limited:
 * connections, length and time of a request, and work in one turn. The end of
 * a request is searched as it arrives, and the request is decoded once. A
 * connection is closed after its answer. A connection without a whole request
 * is closed if a new one needs the room. So idle connections block nobody.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "answer.h"
#include "conn.h"
#include "form.h"
#include "head.h"
#include "httpd.h"


enum {
	MAX_CONNS     = 8,
	MAX_PER_ADDR  = 4,
	REQUEST_MS    = 5000,        /**< From connect to whole request      */
	WORK_MS       = 60000,       /**< Until the handler has answered     */
	SURPLUS_MAX   = 65536,       /**< Read and ignored [bytes]           */
	BODY_MAX      = FORM_MAX,
};

struct httpd {
	struct tcp_sock *ts;         /**< NULL: it does not listen           */
	struct sa laddr;             /**< ... where, else                    */
	struct tls *tls;             /**< NULL: plain HTTP                   */
	struct list connl;           /**< Oldest first, owned                */
	struct turn turn;
	httpd_req_h *reqh;
	void *arg;
};


static void closed_handler(int err, void *arg)
{
	(void)err;
	conn_close(arg);
}


static void refuse(struct httpd_conn *conn, uint16_t scode, const char *why)
{
	++conn->surplus;
	answer_error(conn, scode, NULL, why);
}


static void handle(struct httpd_conn *conn)
{
	const struct pl body = {
		conn->body ? (const char *)conn->body->buf : "", conn->length
	};

	conn->state = WORKING;
	conn_close_after(conn, WORK_MS);

	/* the handler may answer and free the connection */
	mem_ref(conn);
	conn->httpd->reqh(conn, conn->msg, &body, conn->httpd->arg);
	mem_deref(conn);
}


/* Length of the body, and a buffer for it */
static int expect_body(struct httpd_conn *conn)
{
	const struct http_hdr *hdr;

	if (http_msg_xhdr(conn->msg, "Transfer-Encoding") ||
	    http_msg_xhdr_count(conn->msg, "Content-Length") > 1)
		return EBADMSG;

	hdr = http_msg_xhdr(conn->msg, "Content-Length");
	if (hdr) {
		const int err = head_length(hdr->val.p, hdr->val.l, BODY_MAX,
					    &conn->length);
		if (err)
			return err;
	}

	conn->body = mbuf_alloc(conn->length + 1);

	return conn->body ? 0 : ENOMEM;
}


/* If the target is a whole URI, its host counts, and that of the header is
   ignored: RFC 9112 section 3.2.2 */
static void take_target(struct http_msg *msg)
{
	struct pl host = msg->path;
	size_t begin;
	struct le *le;

	host.l = head_authority(msg->path.p, msg->path.l, &begin);
	if (!host.l)
		return;

	pl_advance(&msg->path, (ssize_t)host.l);
	pl_advance(&host, (ssize_t)begin);

	if (!msg->path.l)
		pl_set_str(&msg->path, "/");

	for (le = list_head(&msg->hdrl); le; le = le->next) {

		struct http_hdr *hdr = le->data;

		if (!pl_strcasecmp(&hdr->name, "Host"))
			hdr->val = host;
	}
}


/* The client waits for this before it sends the body, RFC 9110 section 10.1.1
   */
static bool expects_continue(const struct httpd_conn *conn)
{
	const struct http_hdr *hdr = http_msg_xhdr(conn->msg, "Expect");

	return conn->length && hdr &&
		!pl_strcasecmp(&hdr->val, "100-continue") &&
		pl_strcmp(&conn->msg->ver, "1.0");
}


/* The head is complete: check and decode it */
static int take_head(struct httpd_conn *conn, size_t length)
{
	struct mbuf *mb = conn->head;
	int err;

	mb->pos = 0;
	mb->end = length;

	err = head_check((char *)mb->buf, length);
	if (err)
		return err;

	err = http_msg_decode(&conn->msg, mb, true);
	if (err)
		return err;

	if (mb->pos != length)
		return EBADMSG;

	take_target(conn->msg);

	err = expect_body(conn);
	if (!err && expects_continue(conn))
		err = answer_continue(conn);

	return err;
}


/* Take the rest of the head; what follows stays in `mb` */
static int read_head(struct httpd_conn *conn, struct mbuf *mb)
{
	const size_t before = conn->head->end;
	const size_t n = min(mbuf_get_left(mb), HEAD_MAX - before);
	size_t length;
	int err;

	err = mbuf_write_mem(conn->head, mbuf_buf(mb), n);
	if (err)
		return err;

	length = head_end((char *)conn->head->buf, conn->head->end, before);
	if (length) {
		mb->pos += length - before;
		return take_head(conn, length);
	}

	mb->pos += n;

	return conn->head->end == HEAD_MAX ? EMSGSIZE : 0;
}


static int read_body(struct httpd_conn *conn, struct mbuf *mb)
{
	const size_t left = conn->length - conn->body->end;
	const size_t n = min(mbuf_get_left(mb), left);
	const int err = mbuf_write_mem(conn->body, mbuf_buf(mb), n);

	mb->pos += n;

	return err;
}


static void recv_handler(struct mbuf *mb, void *arg)
{
	struct httpd_conn *conn = arg;
	int err = 0;

	if (conn->state == READING && !conn->msg)
		err = read_head(conn, mb);

	if (!err && conn->state == READING && conn->msg)
		err = read_body(conn, mb);

	conn->surplus += mbuf_get_left(mb);

	if (conn->surplus > SURPLUS_MAX)
		conn_close_after(conn, 0);
	else if (err == EMSGSIZE)
		refuse(conn, 413, "the request is too large");
	else if (err == EBADMSG)
		refuse(conn, 400, "this is not a request of HTTP/1.1");
	else if (err)
		conn_close_after(conn, 0);
	else if (conn->state == READING && conn->msg &&
		 conn->body->end == conn->length)
		handle(conn);
}


/* The oldest connection without a whole request, of one address or of all */
static struct httpd_conn *oldest(const struct httpd *httpd,
				 const struct sa *peer)
{
	struct le *le;

	for (le = list_head(&httpd->connl); le; le = le->next) {

		struct httpd_conn *conn = le->data;

		if (conn->state != READING)
			continue;

		if (!peer || sa_cmp(&conn->peer, peer, SA_ADDR))
			return conn;
	}

	return NULL;
}


/* Is there room for another connection from this address? */
static bool make_room(struct httpd *httpd, const struct sa *peer)
{
	struct httpd_conn *conn;
	unsigned same = 0;
	struct le *le;

	for (le = list_head(&httpd->connl); le; le = le->next) {

		conn = le->data;
		same += sa_cmp(&conn->peer, peer, SA_ADDR);
	}

	if (same < MAX_PER_ADDR && list_count(&httpd->connl) < MAX_CONNS)
		return true;

	conn = oldest(httpd, same < MAX_PER_ADDR ? NULL : peer);
	if (conn)
		conn_close(conn);

	return conn != NULL;
}


static int take(struct httpd *httpd, const struct sa *peer)
{
	struct httpd_conn *conn;
	int err;

	err = conn_alloc(&conn, httpd, &httpd->turn, peer);
	if (err)
		return err;

	err = tcp_accept(&conn->tc, httpd->ts, NULL, recv_handler,
			 closed_handler, conn);
	conn->tls = mem_ref(httpd->tls);
	if (!err && conn->tls)
		err = tls_start_tcp(&conn->sc, conn->tls, conn->tc, 0);
	if (err) {
		mem_deref(conn);
		return err;
	}

	list_append(&httpd->connl, &conn->le, conn);
	conn_close_after(conn, REQUEST_MS);

	return 0;
}


static void conn_handler(const struct sa *peer, void *arg)
{
	struct httpd *httpd = arg;

	if (!make_room(httpd, peer) || take(httpd, peer))
		tcp_reject(httpd->ts);
}


static void destructor(void *arg)
{
	struct httpd *httpd = arg;

	while (httpd->connl.head)
		conn_close(httpd->connl.head->data);

	tmr_cancel(&httpd->turn.tmr);
	mem_deref(httpd->ts);
	mem_deref(httpd->tls);
}


/**
 * Allocate a server that does not listen yet
 *
 * @param httpdp Server
 * @param reqh   Handles requests
 * @param arg    Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int httpd_alloc(struct httpd **httpdp, httpd_req_h *reqh, void *arg)
{
	struct httpd *httpd;

	httpd = mem_zalloc(sizeof(*httpd), destructor);
	if (!httpd)
		return ENOMEM;

	tmr_init(&httpd->turn.tmr);
	httpd->reqh = reqh;
	httpd->arg  = arg;
	*httpdp = httpd;

	return 0;
}


/* The new address may overlap with the old one, like 0.0.0.0:8080 with
   127.0.0.1:8080. Then the old socket has to be closed first. */
static int move_socket(struct httpd *httpd, const struct sa *laddr)
{
	struct tcp_sock *ts = NULL;
	int err;

	err = tcp_listen(&ts, laddr, conn_handler, httpd);

	if (err == EADDRINUSE && httpd->ts &&
	    sa_port(laddr) == sa_port(&httpd->laddr)) {

		httpd->ts = mem_deref(httpd->ts);
		err = tcp_listen(&ts, laddr, conn_handler, httpd);

		if (err && tcp_listen(&httpd->ts, &httpd->laddr, conn_handler,
				      httpd))
			httpd->ts = NULL;
	}

	if (err)
		return err;

	mem_deref(httpd->ts);
	httpd->ts    = ts;
	httpd->laddr = *laddr;

	return 0;
}


/* What they send next was meant for another address, or another scheme */
static void close_unread(struct httpd *httpd)
{
	struct le *le = list_head(&httpd->connl);

	while (le) {

		struct httpd_conn *conn = le->data;

		le = le->next;
		if (conn->state == READING)
			conn_close(conn);
	}
}


/**
 * Listen for requests, or listen elsewhere: the new socket is opened before
 * the old one is closed. Requests that have arrived are answered.
 *
 * @param httpd Server
 * @param laddr Local address and port
 * @param tls   Key and certificate: https; NULL: plain HTTP
 *
 * @return 0 if success, otherwise errorcode: nothing has changed
 */
int httpd_listen(struct httpd *httpd, const struct sa *laddr, struct tls *tls)
{
	int err = 0;

	if (!httpd->ts || !sa_cmp(laddr, &httpd->laddr, SA_ALL))
		err = move_socket(httpd, laddr);
	if (err)
		return err;

	mem_ref(tls);
	mem_deref(httpd->tls);
	httpd->tls = tls;
	close_unread(httpd);

	return 0;
}


/**
 * Listen no more. Requests that have arrived are answered
 *
 * @param httpd Server
 */
void httpd_unlisten(struct httpd *httpd)
{
	httpd->ts  = mem_deref(httpd->ts);
	httpd->tls = mem_deref(httpd->tls);
	close_unread(httpd);
}
