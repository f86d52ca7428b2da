/**
 * @file fuzz_http.c  Any bytes over connections to the page
 *
 * Byte 0: with a password or without. Then connections, with byte 0x1e
 * between them; 0x1f ends a segment. %K is the token of the page. Each answer
 * has to be one of HTTP, and the page has to be there afterwards.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE 1
#include <sys/socket.h>
#include <unistd.h>
#include "baresip.h"
#include "guard.h"

#define SECRET "kept-to-ourselves"

enum {
	END     = 0x1e,
	SEGMENT = 0x1f,
	SIZE    = 16384,
	CONNS   = 6,
	PORT    = 8080,
	ROUNDS  = 200,
};

static char token[GUARD_TOKEN_SIZE];

const char *__real_guard_token(const struct guard *guard);
const char *__wrap_guard_token(const struct guard *guard);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);


const char *__wrap_guard_token(const struct guard *guard)
{
	const char *s = __real_guard_token(guard);

	(void)str_ncpy(token, s, sizeof(token));

	return s;
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	baresip_init();

	return 0;
}


static int connect_page(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sa addr;

	must(!sa_set_str(&addr, "127.0.0.1", PORT));
	must(fd >= 0 && !connect(fd, &addr.u.sa, addr.len));
	baresip_run();

	return fd;
}


/* True: the connection is closed */
static bool receive(int fd, struct mbuf *mb)
{
	char buf[4096];
	ssize_t n;

	do {
		baresip_run();
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			must(!mbuf_write_mem(mb, (uint8_t *)buf, (size_t)n));
	} while (n > 0);

	return !n || errno != EAGAIN;
}


/* The client may have been told to go on first, RFC 9110 section 10.1.1 */
static void skip_continue(struct mbuf *mb)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const size_t len = sizeof(text) - 1;

	if (mb->end > len && !memcmp(mb->buf, text, len)) {
		memmove(mb->buf, mb->buf + len, mb->end - len);
		mb->end -= len;
	}
}


/* An answer to HEAD has the length of a content that is not there, RFC 9110
   section 9.3.2 */
static unsigned check_answer(const struct mbuf *mb, bool head,
			     const uint8_t *data, size_t size)
{
	static const unsigned codev[] = {
		200, 303, 400, 401, 403, 404, 405, 413, 415, 422, 429, 500,
		503, 504,
	};
	struct pl code, type;
	const char *body;

	if (!mb->end)
		return 0;

	must(!re_regex((char *)mb->buf, min(mb->end, 16u),
		       "HTTP/1.1 [0-9]3", &code));
	output_check_secret(mb, SECRET, data, size);

	body = memmem(mb->buf, mb->end, "\r\n\r\n", 4);
	must(body != NULL);

	if (!re_regex((char *)mb->buf, (size_t)(body - (char *)mb->buf),
		      "Content-Type: application/json\r\nContent-Length:"
		      " [0-9]+", &type)) {

		struct mbuf json = { .buf = (uint8_t *)(body + 4) };

		json.end = mb->end - (size_t)(body + 4 - (char *)mb->buf);
		if (json.end || !head) {
			must(json.end == pl_u32(&type));
			output_check_json(&json);
		}
	}

	for (size_t i = 0; i < RE_ARRAY_SIZE(codev); i++) {
		if (pl_u32(&code) == codev[i])
			return codev[i];
	}

	abort();
}


static void write_token(struct mbuf *mb, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {

		if (i + 1 < n && p[i] == '%' && p[i + 1] == 'K') {
			(void)mbuf_write_str(mb, token);
			++i;
		}
		else {
			(void)mbuf_write_u8(mb, (uint8_t)p[i]);
		}
	}
}


/* Is it HEAD that the text begins with, over all segments? */
static bool is_head(const char *p, size_t len)
{
	static const char head[] = "HEAD ";
	size_t n = 0;

	for (size_t i = 0; i < len && head[n]; i++) {

		if (p[i] == SEGMENT)
			continue;

		if (p[i] != head[n++])
			return false;
	}

	return !head[n];
}


/* Segment by segment, then the answer */
static unsigned converse(const char *p, size_t len, const uint8_t *data,
			 size_t size)
{
	struct mbuf *out = mbuf_alloc(len + 64), *in = mbuf_alloc(1024);
	const int fd = connect_page();
	const bool head = is_head(p, len);
	bool closed = false;
	unsigned code;

	while (len && !closed) {

		const char *end = memchr(p, SEGMENT, len);
		const size_t n = end ? (size_t)(end - p) : len;
		ssize_t sent;

		out->pos = out->end = 0;
		write_token(out, p, n);
		sent = send(fd, out->buf, out->end,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)sent;
		closed = receive(fd, in);
		p   += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}

	/* no more will come, and the page may answer or not */
	(void)shutdown(fd, SHUT_WR);
	for (unsigned i = 0; i < ROUNDS && !closed; i++)
		closed = receive(fd, in);

	skip_continue(in);
	code = check_answer(in, head, data, size);
	(void)close(fd);
	baresip_run();
	mem_deref(out);
	mem_deref(in);

	return code;
}


static void begin(bool closed)
{
	static const char account[] =
		"<sip:alice@127.0.0.1>;auth_pass=" SECRET ";regint=60"
		";outbound=\"sip:127.0.0.1:5080\""
		";outbound2=\"sip:127.0.0.1:5081\"";
	struct sa dns;
	char text[256];
	int n;

	n = re_snprintf(text, sizeof(text), "failover_http_listen 127.0.0.1:"
			"%u\n%s", PORT, closed ? "failover_http_user admin\n"
			"failover_http_password " SECRET "\n" : "");
	must(n > 0 && !sa_set_str(&dns, "127.0.0.1", 53));
	baresip_write("config", text, (size_t)n);
	baresip_write("accounts", account, strlen(account));
	baresip_open(text, (size_t)n);
	phone_open(&dns);
	must(!baresip_add_account(account, strlen(account)));
	must(!baresip_load());
	baresip_run();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char get[] =
		"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
	const char *p = (const char *)data + 1;
	size_t left = size ? size - 1 : 0;
	unsigned n = 0;
	bool closed;

	if (size < 2 || size > SIZE)
		return 0;

	closed = data[0] & 1;
	begin(closed);
	must(converse(get, strlen(get), data, size) == (closed ? 401 : 200));

	while (left && n++ < CONNS) {

		const char *end = memchr(p, END, left);
		const size_t len = end ? (size_t)(end - p) : left;

		(void)converse(p, len, data, size);
		p    += len + (end ? 1 : 0);
		left -= len + (end ? 1 : 0);
	}

	must(converse(get, strlen(get), data, size) == (closed ? 401 : 200));
	baresip_close();

	return 0;
}
