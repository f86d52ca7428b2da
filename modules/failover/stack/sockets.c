/**
 * @file sockets.c  Baresip's UDP sockets for SIP
 *
 * Baresip 2.0 and later has one for each local address. libre gives access to
 * a socket only with a message that it received. So we send a message to each
 * of our local addresses. It is a response without a transaction, which libre
 * passes to its listeners.
 *
 * Baresip closes its sockets, and opens new ones at the same addresses,
 * without an event. A known socket is recognised by the inode of its file
 * descriptor, which no other open socket has.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "descriptors.h"
#include "plain.h"
#include "sockets.h"


enum {
	KNOCK_MS  = 1000,            /**< Time between two tries             */
	ANSWER_MS = 200,             /**< More than enough in a machine      */
};

/** A local address that SIP uses */
struct sock {
	struct le le;
	struct sa laddr;             /**< From sip_transp_laddr()            */
	int fd;                      /**< -1: not found yet                  */
	ino_t ino;
	uint64_t knocked;            /**< Last try [ms]                      */
};

static struct {
	struct list sockl;
	struct sip_lsnr *lsnr;
	struct tmr tmr;
	char callid[32];             /**< Of our responses to ourselves      */
	sockets_h *h;
} sockets;


static void destructor(void *arg)
{
	struct sock *sock = arg;

	list_unlink(&sock->le);
}


static bool is_open(const struct sock *sock)
{
	return descriptors_is(sock->fd, sock->ino);
}


static struct sock *find(const struct sa *laddr)
{
	struct le *le;

	for (le = list_head(&sockets.sockl); le; le = le->next) {

		struct sock *sock = le->data;

		if (sa_cmp(&sock->laddr, laddr, SA_ALL))
			return sock;
	}

	return NULL;
}


static struct sock *find_or_add(const struct sa *laddr)
{
	struct sock *sock = find(laddr);

	if (sock)
		return sock;

	sock = mem_zalloc(sizeof(*sock), destructor);
	if (!sock)
		return NULL;

	list_append(&sockets.sockl, &sock->le, sock);
	sock->laddr = *laddr;
	sock->fd    = -1;

	return sock;
}


static bool response_handler(const struct sip_msg *msg, void *arg)
{
	struct sock *sock;
	ino_t ino;
	int fd;
	(void)arg;

	if (!sockets_is_knock(msg) || msg->tp != SIP_TRANSP_UDP)
		return false;

	fd = compat_udp_fd(msg->sock, sa_af(&msg->dst));
	if (!descriptors_inode(&ino, fd) || sockets.h(msg->sock))
		return true;

	sock = find_or_add(&msg->dst);
	if (sock) {
		sock->fd  = fd;
		sock->ino = ino;
	}

	return true;
}


static void send_knock(const struct sa *addr)
{
	struct mbuf *mb = mbuf_alloc(512);

	if (!mb)
		return;

	if (!mbuf_printf(mb, "SIP/2.0 200 OK\r\n"
			 "Via: SIP/2.0/UDP %J;branch=z9hG4bK%s\r\n"
			 "From: <sip:failover@localhost>;tag=%s\r\n"
			 "To: <sip:failover@localhost>;tag=%s\r\n"
			 "Call-ID: %s\r\n"
			 "CSeq: 1 OPTIONS\r\n"
			 "Content-Length: 0\r\n\r\n",
			 addr, sockets.callid, sockets.callid, sockets.callid,
			 sockets.callid)) {
		mb->pos = 0;
		(void)compat_send_anon(addr, mb);
	}

	mem_deref(mb);
}


static void knock_at(const struct sa *laddr)
{
	struct sock *sock = find_or_add(laddr);
	struct sa addr = *laddr;

	if (!sock || (sock->knocked && sock->fd < 0 &&
		      clock_ms() < sock->knocked + KNOCK_MS))
		return;

	sock->knocked = clock_ms();
	sock->fd      = -1;

	/* bound to any address: use loopback */
	if (sa_is_any(laddr)) {
		if (sa_set_str(&addr, sa_af(laddr) == AF_INET ? "127.0.0.1" :
			       "::1", sa_port(laddr)))
			return;
	}

	send_knock(&addr);
}


/* The socket that sends packets to this address. If it is not known yet, we
   send a message to its address. */
static struct sock *reach(const struct sa *dst)
{
	struct sock *sock;
	struct sa laddr;

	if (!uag_sip() ||
	    sip_transp_laddr(uag_sip(), &laddr, SIP_TRANSP_UDP, dst))
		return NULL;

	sock = find(&laddr);
	if (sock && is_open(sock))
		return sock;

	knock_at(&laddr);

	return NULL;
}


/* Packets to an own address of the machine leave from that address */
static bool address_handler(const char *ifname, const struct sa *addr,
			    void *arg)
{
	(void)ifname;
	(void)arg;

	(void)reach(addr);

	return false;
}


static void look_handler(void *arg)
{
	struct le *le = list_head(&sockets.sockl);
	(void)arg;

	while (le) {

		struct sock *sock = le->data;

		le = le->next;

		if (!is_open(sock))
			mem_deref(sock);
	}

	(void)net_if_apply(address_handler, NULL);
}


/**
 * Start to find the sockets that Baresip has now
 */
void sockets_update(void)
{
	tmr_start(&sockets.tmr, 0, look_handler, NULL);
}


/**
 * The socket that sends a packet
 *
 * @param dst Destination of the packet
 *
 * @return File descriptor, which belongs to Baresip; -1 if it is not known.
 *         Then a search begins
 */
int sockets_fd(const struct sa *dst)
{
	const struct sock *sock = sockets.h ? reach(dst) : NULL;

	return sock ? sock->fd : -1;
}


/**
 * Are all sockets known that can be found?
 *
 * @return True if they are
 */
bool sockets_are_found(void)
{
	bool found = false;
	struct le *le;

	for (le = list_head(&sockets.sockl); le; le = le->next) {

		const struct sock *sock = le->data;

		if (is_open(sock))
			found = true;
		else if (clock_ms() < sock->knocked + ANSWER_MS)
			return false;
	}

	return found;
}


/**
 * Has something arrived that libre has not read yet?
 *
 * @return True if it has
 */
bool sockets_are_unread(void)
{
	struct le *le;

	for (le = list_head(&sockets.sockl); le; le = le->next) {

		const struct sock *sock = le->data;

		if (is_open(sock) && descriptors_readable(sock->fd))
			return true;
	}

	return false;
}


/**
 * Is this our response to ourselves?
 *
 * @param msg SIP message received
 *
 * @return True if it is
 */
bool sockets_is_knock(const struct sip_msg *msg)
{
	return !msg->req && sockets.callid[0] &&
		plain_is(&msg->callid, sockets.callid);
}


/**
 * Start to find the sockets
 *
 * @param h Called for each socket
 *
 * @return 0 if success, otherwise errorcode
 */
int sockets_open(sockets_h *h)
{
	int err;

	tmr_init(&sockets.tmr);

	err = sip_listen(&sockets.lsnr, uag_sip(), false, response_handler,
			 NULL);
	if (err)
		return err;

	sockets.h = h;
	(void)re_snprintf(sockets.callid, sizeof(sockets.callid), "%016llx",
			  rand_u64());

	/* now, before a name server can answer */
	look_handler(NULL);

	return 0;
}


/** Forget the sockets */
void sockets_close(void)
{
	sockets.h = NULL;
	tmr_cancel(&sockets.tmr);
	sockets.lsnr = mem_deref(sockets.lsnr);
	list_flush(&sockets.sockl);
}
