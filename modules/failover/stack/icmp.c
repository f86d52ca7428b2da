/**
 * @file icmp.c  ICMP errors of packets that libre has sent over UDP
 *
 * libre's UDP sockets are not connected. So the kernel reports no ICMP errors
 * on them, unless IP_RECVERR is set (ip(7)). Then it queues each error until
 * it is read, with the packet's destination and the part of the packet that
 * ICMP quotes.
 *
 * All accounts share the socket. Its next call fails with a queued error, even
 * a call for another server. So a helper sends libre's packets. It reads the
 * queued errors first, and sends again if a new error came in between.
 *
 * The helper is added when the socket is found (withhold.c). The first
 * requests may be sent before that. Their socket is found among the process'
 * descriptors by its local address, and its errors are read before each
 * packet. If there is no helper soon, IP_RECVERR is turned off again.
 * Otherwise an unread error would wake libre again and again.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/errqueue.h>
#endif
#include "descriptors.h"
#include "icmp.h"


enum {
	LAYER       = -1,            /**< Lowest layer: it sends             */
	MAX_SOCKETS = 16,
	MAX_ERRORS  = 64,            /**< Read at once                       */
	MAX_SENDS   = 16,            /**< Attempts for one packet            */
	MAX_ALONE   = 3,             /**< ... in a row with nothing queued   */
	QUOTE_SIZE  = 1280,          /**< ICMPv6 quotes no more              */
	ADOPT_MS    = 1000,          /**< The helper exists by then          */
};

/** A SIP socket */
struct sock {
	int fd;
	ino_t ino;
	struct sa laddr;
	bool helped;                 /**< Our helper sends its packets       */
	bool wanted;                 /**< IP_RECVERR is set                  */
};

static struct {
	struct sock sockv[MAX_SOCKETS];
	size_t sockc;
	struct tmr tmr;
	icmp_h *h;                   /**< NULL: closed                       */
} icmp;


#ifdef __linux__
static int option(int af)
{
	return af == AF_INET6 ? IPV6_RECVERR : IP_RECVERR;
}


static int level(int af)
{
	return af == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}


static int want(const struct sock *sock, int on)
{
	const int af = sa_af(&sock->laddr);

	return setsockopt(sock->fd, level(af), option(af), &on, sizeof(on)) ?
		errno : 0;
}


/* A descriptor may be reused for another socket */
static bool is_bound_to(int fd, const struct sa *laddr)
{
	struct sa sa;
	int type = 0;
	socklen_t len = sizeof(type);

	sa_init(&sa, AF_UNSPEC);
	sa.len = sizeof(sa.u);

	return !getsockname(fd, &sa.u.sa, &sa.len) &&
		sa_cmp(&sa, laddr, SA_ALL) &&
		!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
		type == SOCK_DGRAM;
}


/* libre 2.2 to 2.10 does not give out a socket's descriptor */
static int fd_of(const struct sa *laddr)
{
	int fdv[DESCRIPTORS_MAX];
	const size_t n = descriptors_open(fdv);

	for (size_t i = 0; i < n; i++) {
		if (is_bound_to(fdv[i], laddr))
			return fdv[i];
	}

	return -1;
}


/* Baresip may have closed it, and opened another at the same address */
static bool is_open(const struct sock *sock)
{
	return descriptors_is(sock->fd, sock->ino);
}


static struct sock *sock_find(const struct sa *laddr)
{
	for (size_t i = 0; i < icmp.sockc; i++) {
		if (sa_cmp(&icmp.sockv[i].laddr, laddr, SA_ALL))
			return &icmp.sockv[i];
	}

	return NULL;
}


static struct sock *sock_get(int fd, const struct sa *laddr)
{
	struct sock *sock = sock_find(laddr);

	if (!sock && icmp.sockc < MAX_SOCKETS)
		sock = &icmp.sockv[icmp.sockc++];

	if (sock) {
		(void)descriptors_inode(&sock->ino, fd);
		sock->fd     = fd;
		sock->laddr  = *laddr;
		sock->helped = false;
		sock->wanted = !want(sock, 1);
	}

	return sock;
}


static const struct sock_extended_err *error_of(struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {

		const void *data = CMSG_DATA(c);
		const struct sock_extended_err *ee = data;

		if (((c->cmsg_level == IPPROTO_IP &&
		      c->cmsg_type == IP_RECVERR) ||
		     (c->cmsg_level == IPPROTO_IPV6 &&
		      c->cmsg_type == IPV6_RECVERR)) &&
		    (ee->ee_origin == SO_EE_ORIGIN_ICMP ||
		     ee->ee_origin == SO_EE_ORIGIN_ICMP6))
			return ee;
	}

	return NULL;
}


/* Returns false if no error is queued */
static bool take_one(int fd)
{
	union {
		struct cmsghdr align;
		char buf[512];
	} u;
	char quote[QUOTE_SIZE];
	struct sa dst;
	struct iovec iov = { .iov_base = quote, .iov_len = sizeof(quote) };
	struct msghdr msg = {
		.msg_name = &dst.u, .msg_namelen = sizeof(dst.u),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &u, .msg_controllen = sizeof(u),
	};
	const struct sock_extended_err *ee;
	struct pl pl = { .p = quote };
	ssize_t n;

	sa_init(&dst, AF_UNSPEC);

	n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (n < 0)
		return false;

	dst.len = msg.msg_namelen;
	pl.l    = (size_t)n;

	ee = error_of(&msg);
	if (ee && icmp.h)
		icmp.h(&dst, (int)ee->ee_errno, &pl);

	return true;
}


/* If more are queued, the kernel wakes us again. Returns true if there were
   any. */
static bool take(int fd)
{
	unsigned n = 0;

	while (n < MAX_ERRORS && take_one(fd))
		++n;

	return n > 0;
}


static void take_all(void)
{
	for (size_t i = 0; i < icmp.sockc; i++) {

		const struct sock *sock = &icmp.sockv[i];

		if (sock->wanted && is_open(sock))
			(void)take(sock->fd);
	}
}


/* libre has read an error instead of a packet */
static void error_handler(int err, void *arg)
{
	(void)err;
	(void)arg;

	take_all();
}


/* A call fails with an error that is queued, or has just been read, of any
   packet. An error of the call itself comes again, with nothing queued. Where
   others come faster than they can be read, the packet is lost, as one over
   UDP may be, and libre sends it again. */
static bool send_handler(int *err, struct sa *dst, struct mbuf *mb, void *arg)
{
	const int fd = (int)(intptr_t)arg;
	unsigned alone = 0;

	(void)take(fd);

	for (unsigned i = 0; i < MAX_SENDS; i++) {

		*err = sendto(fd, mbuf_buf(mb), mbuf_get_left(mb), 0,
			      &dst->u.sa, dst->len) < 0 ? errno : 0;
		if (!*err || *err == EAGAIN)
			return true;

		alone = take(fd) ? 0 : alone + 1;
		if (alone == MAX_ALONE)
			return true;
	}

	*err = 0;

	return true;
}


static bool recv_handler(struct sa *src, struct mbuf *mb, void *arg)
{
	(void)src;
	(void)mb;
	(void)arg;

	return false;
}


static void adopt_handler(void *arg)
{
	(void)arg;

	for (size_t i = 0; i < icmp.sockc; i++) {

		struct sock *sock = &icmp.sockv[i];

		if (sock->helped || !sock->wanted)
			continue;

		if (is_open(sock))
			(void)want(sock, 0);
		sock->wanted = false;
	}
}


/**
 * A packet is about to be sent from one of our addresses: watch for errors
 *
 * @param laddr Local address and port of a SIP socket over UDP
 *
 * @return True if our helper sends that socket's packets
 */
bool icmp_expect(const struct sa *laddr)
{
	const struct sock *sock = sock_find(laddr);
	int fd;

	if (sock && is_open(sock)) {
		if (!sock->helped && sock->wanted)
			(void)take(sock->fd);
		return sock->helped;
	}

	fd = fd_of(laddr);
	if (fd < 0)
		return false;

	(void)sock_get(fd, laddr);
	tmr_start(&icmp.tmr, ADOPT_MS, adopt_handler, NULL);

	return false;
}


/**
 * Watch for errors of the packets that libre sends from a socket
 *
 * @param us SIP socket; may be given more than once
 */
void icmp_listen(struct udp_sock *us)
{
	struct sock *sock;
	struct sa laddr;
	int fd;

	if (udp_helper_find(us, LAYER) || udp_local_get(us, &laddr))
		return;

	fd   = fd_of(&laddr);
	sock = fd < 0 ? NULL : sock_get(fd, &laddr);
	if (!sock || !sock->wanted)
		return;

	if (udp_register_helper(NULL, us, LAYER, send_handler, recv_handler,
				(void *)(intptr_t)fd)) {
		(void)want(sock, 0);
		sock->wanted = false;
		return;
	}

	sock->helped = true;
	udp_error_handler_set(us, error_handler);
	(void)take(fd);
}
#else
bool icmp_expect(const struct sa *laddr)
{
	(void)laddr;

	return false;
}


void icmp_listen(struct udp_sock *us)
{
	(void)us;
}
#endif


/**
 * Start to report errors
 *
 * @param h Called for each error; not called after icmp_close()
 */
void icmp_open(icmp_h *h)
{
	tmr_init(&icmp.tmr);
	icmp.h = h;
}


/** Stop reporting. The helpers stay until their sockets end. */
void icmp_close(void)
{
	icmp.h = NULL;
	tmr_cancel(&icmp.tmr);
#ifdef __linux__
	adopt_handler(NULL);
#endif
}
