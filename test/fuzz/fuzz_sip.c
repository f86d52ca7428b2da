/**
 * @file fuzz_sip.c  Whatever comes in by the phone's SIP sockets
 *
 * The real module and the real libre, with two servers, a stranger and a
 * name server that are sockets of the fuzzer's. Two accounts: one has both
 * servers over UDP, one the first over TCP.
 *
 * Byte 0: settings, see below. Then steps, each ended by byte 0x1e, its first
 * byte the kind:
 *
 *   a, b, t  a message from server A, from B, over A's TCP connection. In it
 *            %V, %F, %T, %I, %C are Via, From, To, Call-ID and CSeq of the
 *            newest request that a server has got
 *   r        digit: which request, 0 the newest; status line, headers: an
 *            answer to it
 *   s        a message from a stranger, who knows nothing: the accounts are
 *            after it what they were before
 *   n        an answer to the newest question to the name server
 *   w        so many milliseconds pass
 *   u        account, and what the user does: d(ial) h(old) e(nd) a(nswer)
 *            m(essages) r(egister) u(nregister)
 *   c        a command
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE 1
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>
#include "baresip.h"


enum {
	END      = 0x1e,
	REQUESTS = 8,
	STEPS    = 24,
	SIZE     = 8192,
	MAX_MS   = 70000,
};

enum { A, B, STRANGER, DNS, SOCKETS };

/* Byte 0 */
enum {
	STANDBY   = 1 << 0,
	KEEPALIVE = 1 << 1,
	OPTIONS   = 1 << 2,
	NAMED     = 1 << 3,
	TARGETS   = 1 << 4,
};

/** A request that a server has got */
struct request {
	char text[SIZE];
	size_t len;
	int fd;
	struct sa peer;
};

static struct {
	int fdv[SOCKETS];
	struct sa addrv[SOCKETS];
	int listener;
	struct sa tcp;
	int conn;                    /**< Of A's, -1: none                   */
	struct request requestv[REQUESTS];
	unsigned requestc;
	unsigned registers;
	uint8_t query[512];
	size_t querylen;
	struct sa asker;
} net = { .conn = -1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);


static int open_socket(int type, struct sa *addr)
{
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	must(!sa_set_str(addr, "127.0.0.1", 0));
	must(fd >= 0 && !bind(fd, &addr->u.sa, addr->len));
	must(!getsockname(fd, &addr->u.sa, &addr->len));

	return fd;
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	baresip_init();

	for (unsigned i = 0; i < SOCKETS; i++)
		net.fdv[i] = open_socket(SOCK_DGRAM, &net.addrv[i]);

	net.listener = open_socket(SOCK_STREAM, &net.tcp);
	must(!listen(net.listener, 4));

	return 0;
}


/* Header lines of a request as text; absent ones are empty */
static struct pl header(const struct request *req, const char *name)
{
	const size_t n = strlen(name);
	const char *p = req->text, *end = req->text + req->len;
	struct pl val = PL_INIT;

	while (p + n < end) {

		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (!lf)
			break;
		if (!strncasecmp(p, name, n) && p[n] == ':') {
			val.p = p + n + 1;
			val.l = (size_t)(lf - val.p);
			break;
		}
		p = lf + 1;
	}

	while (val.l && (val.p[val.l - 1] == '\r'))
		--val.l;

	return val;
}


static struct request *newest(unsigned back)
{
	if (back >= net.requestc || back >= REQUESTS)
		return NULL;

	return &net.requestv[(net.requestc - 1 - back) % REQUESTS];
}


static void note(int fd, const uint8_t *p, size_t n, const struct sa *peer)
{
	struct request *req = &net.requestv[net.requestc % REQUESTS];

	if (n < 4 || !memcmp(p, "SIP/", 4))
		return;

	net.registers += n > 8 && !memcmp(p, "REGISTER", 8);
	memcpy(req->text, p, n);
	req->len  = n;
	req->fd   = fd;
	req->peer = *peer;
	++net.requestc;
}


/* What the phone has sent */
static void receive(void)
{
	uint8_t buf[SIZE];
	struct sa peer;
	ssize_t n;
	int fd;

	for (unsigned i = A; i < SOCKETS; i++) {
		for (;;) {
			peer.len = sizeof(peer.u);
			n = recvfrom(net.fdv[i], buf, sizeof(buf), 0,
				     &peer.u.sa, &peer.len);
			if (n < 0)
				break;
			if (i < STRANGER)
				note(net.fdv[i], buf, (size_t)n, &peer);
			if (i == DNS && (size_t)n <= sizeof(net.query)) {
				memcpy(net.query, buf, (size_t)n);
				net.querylen = (size_t)n;
				net.asker    = peer;
			}
		}
	}

	fd = accept4(net.listener, NULL, NULL, SOCK_NONBLOCK);
	if (fd >= 0) {
		if (net.conn >= 0)
			(void)close(net.conn);
		net.conn = fd;
	}

	if (net.conn >= 0) {
		n = read(net.conn, buf, sizeof(buf));
		if (n > 0)
			note(net.conn, buf, (size_t)n, &net.tcp);
	}
}


static void run(void)
{
	baresip_run();
	receive();
}


static void send_to(int fd, const struct mbuf *mb, const struct sa *peer)
{
	ssize_t n;

	if (fd == net.conn && fd >= 0)
		n = send(fd, mb->buf, mb->end, MSG_NOSIGNAL);
	else
		n = sendto(fd, mb->buf, mb->end, 0, &peer->u.sa, peer->len);
	(void)n;

	run();
}


static void phone_address(struct sa *addr)
{
	must(!sip_transp_laddr(uag_sip(), addr, SIP_TRANSP_UDP,
			       &net.addrv[A]));
}


static const char *name_of(char c)
{
	switch (c) {

	case 'V': return "Via";
	case 'F': return "From";
	case 'T': return "To";
	case 'I': return "Call-ID";
	case 'C': return "CSeq";
	default:  return NULL;
	}
}


/* A message of a server's, who has seen the request */
static void write_known(struct mbuf *mb, const struct pl *text)
{
	const struct request *req = newest(0);

	for (size_t i = 0; i < text->l; i++) {

		const char *name = text->p[i] == '%' && i + 1 < text->l ?
			name_of(text->p[i + 1]) : NULL;
		struct pl val;

		if (name && req) {
			val = header(req, name);
			(void)mbuf_write_pl(mb, &val);
			++i;
		}
		else {
			(void)mbuf_write_u8(mb, (uint8_t)text->p[i]);
		}
	}
}


static void server(unsigned i, const struct pl *text, bool tcp)
{
	struct mbuf *mb = mbuf_alloc(text->l + 256);
	struct sa peer;

	write_known(mb, text);
	phone_address(&peer);
	if (!tcp)
		send_to(net.fdv[i], mb, &peer);
	else if (net.conn >= 0)
		send_to(net.conn, mb, &peer);

	mem_deref(mb);
}


static void answer(struct pl text)
{
	enum { TO = 2 };
	static const char *const namev[] = {
		"Via", "From", "To", "Call-ID", "CSeq"
	};
	const struct request *req = newest(text.l ? (text.p[0] & 7) : 0u);
	struct mbuf *mb;
	const char *lf;
	size_t line;

	if (!req || text.l < 2)
		return;

	pl_advance(&text, 1);
	lf   = pl_strchr(&text, '\n');
	line = lf ? (size_t)(lf - text.p) + 1 : text.l;

	mb = mbuf_alloc(1024);
	(void)mbuf_printf(mb, "SIP/2.0 %b", text.p, line);
	if (!lf)
		(void)mbuf_write_str(mb, "\r\n");

	for (size_t i = 0; i < RE_ARRAY_SIZE(namev); i++) {

		struct pl val = header(req, namev[i]);
		const bool tagged = i != TO ||
			!re_regex(val.p, val.l, ";tag=");

		(void)mbuf_printf(mb, "%s:%r%s\r\n", namev[i], &val,
				  tagged ? "" : ";tag=server");
	}

	pl_advance(&text, (ssize_t)line);
	(void)mbuf_write_pl(mb, &text);
	if (re_regex(text.p, text.l, "\r\n\r\n"))
		(void)mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");

	send_to(req->fd, mb, &req->peer);
	mem_deref(mb);
}


/* What an account's user can see of it */
static struct mbuf *status(void)
{
	struct mbuf *mb = mbuf_alloc(2048);

	must(!baresip_command(mb, "failover_json", ""));

	return mb;
}


static void stranger(const struct pl *text)
{
	struct mbuf *mb = mbuf_alloc(text->l + 1), *was, *is;
	struct sa peer;
	unsigned registers;

	(void)mbuf_write_pl(mb, text);
	phone_address(&peer);

	run();
	was = status();
	registers = net.registers;
	send_to(net.fdv[STRANGER], mb, &peer);
	is = status();

	must(was->end == is->end && !memcmp(was->buf, is->buf, is->end));
	must(registers == net.registers);

	mem_deref(mb);
	mem_deref(was);
	mem_deref(is);
}


static void dns(const struct pl *text)
{
	struct mbuf *mb;

	if (net.querylen < 2)
		return;

	mb = mbuf_alloc(text->l + 2);
	(void)mbuf_write_mem(mb, net.query, 2);
	(void)mbuf_write_pl(mb, text);
	send_to(net.fdv[DNS], mb, &net.asker);
	mem_deref(mb);
}


static void user(const struct pl *text)
{
	struct le *le = list_head(uag_list());
	struct ua *ua;

	if (text->l < 2)
		return;
	if (text->p[0] != '0')
		le = le->next;

	ua = le->data;
	switch (text->p[1]) {

	case 'd':
		if (list_count(&ua->calls) < 3)
			(void)ua_connect(ua, NULL, NULL, "sip:bob@127.0.0.1",
					 VIDMODE_OFF);
		break;

	case 'h': phone_hold(ua);                 break;
	case 'e': ua_hangup(ua, NULL, 0, NULL);   break;
	case 'a': phone_answer(ua);               break;
	case 'm': phone_subscribe(ua);            break;
	case 'r': (void)ua_register(ua);          break;
	case 'u': ua_unregister(ua);              break;
	}

	run();
}


static void command(struct pl text)
{
	const char *space = pl_strchr(&text, ' ');
	char name[64], prm[512] = "";
	struct pl pl = text;
	struct mbuf *out = mbuf_alloc(1024);

	if (space) {
		pl.l = (size_t)(space - text.p);
		pl_advance(&text, (ssize_t)pl.l + 1);
		(void)pl_strcpy(&text, prm, sizeof(prm));
	}
	if (!pl_strcpy(&pl, name, sizeof(name)))
		(void)baresip_command(out, name, prm);

	mem_deref(out);
	run();
}


static void step(struct pl text)
{
	char kind;

	if (!text.l)
		return;

	kind = text.p[0];
	pl_advance(&text, 1);

	switch (kind) {

	case 'a': server(A, &text, false); break;
	case 'b': server(B, &text, false); break;
	case 't': server(A, &text, true);  break;
	case 'r': answer(text);            break;
	case 's': stranger(&text);         break;
	case 'n': dns(&text);              break;
	case 'u': user(&text);             break;
	case 'c': command(text);           break;

	case 'w':
		baresip_pass(pl_u32(&text) % MAX_MS);
		receive();
		break;
	}
}


/* A connection that the phone has made, and that nobody has taken */
static void drop_connections(void)
{
	int fd;

	while ((fd = accept(net.listener, NULL, NULL)) >= 0)
		(void)close(fd);
}


/* A name without a port is looked up as SRV records */
static int print_port(struct re_printf *pf, const struct sa *addr)
{
	return addr ? re_hprintf(pf, ":%u", sa_port(addr)) : 0;
}


static void begin(uint8_t set)
{
	char text[512];
	int n;

	net.requestc = net.registers = 0;
	net.querylen = 0;
	drop_connections();
	receive();
	net.requestc = net.registers = 0;

	n = re_snprintf(text, sizeof(text), "failover_standby %s\n"
			"failover_keepalive %u\nfailover_probe %s\n",
			set & STANDBY ? "yes" : "no", set & KEEPALIVE ? 20 : 0,
			set & OPTIONS ? "options" : "register");
	baresip_open(text, (size_t)n);
	phone_open(&net.addrv[DNS]);

	n = re_snprintf(text, sizeof(text), "<sip:alice@127.0.0.1>;regint=60;"
			"outbound=\"sip:%J\";outbound2=\"sip:%J\"",
			&net.addrv[A], &net.addrv[B]);
	must(!baresip_add_account(text, (size_t)n));

	n = re_snprintf(text, sizeof(text), "<sip:carol@127.0.0.1>;regint=60;"
			"outbound=\"sip:%J;transport=tcp\";outbound2=\"%s%H"
			"\"", &net.tcp, set & NAMED ? "sip:pbx.example.com" :
			"sip:127.0.0.1", print_port,
			set & TARGETS ? NULL : &net.addrv[B]);
	must(!baresip_add_account(text, (size_t)n));
	must(!baresip_load());

	for (struct le *le = list_head(uag_list()); le; le = le->next)
		(void)ua_register(le->data);
	run();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	unsigned n = 0;

	if (size < 2 || size > SIZE)
		return 0;

	begin(data[0]);

	for (--size; size && n < STEPS; n++) {

		const char *end = memchr(p, END, size);
		const struct pl text = { p, end ? (size_t)(end - p) : size };

		step(text);
		p    += text.l + (end ? 1 : 0);
		size -= text.l + (end ? 1 : 0);
	}

	if (net.conn >= 0)
		(void)close(net.conn);
	net.conn = -1;
	baresip_close();

	return 0;
}
