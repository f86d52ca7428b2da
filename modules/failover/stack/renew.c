/**
 * @file renew.c  Opens Baresip's SIP sockets anew
 *
 * Baresip closes its sockets and opens new ones. libre holds a UDP socket for
 * as long as a message that came in by it may be answered again: 32 s, or the
 * whole of a call. Until then its address is in use, and Baresip is left
 * without the new socket. So the old one is taken away from its address first.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <sys/socket.h>
#include <unistd.h>
#include "descriptors.h"
#include "renew.h"


enum {
	RETRY_MIN_MS = 1000,         /**< After a socket was not opened      */
	RETRY_MAX_MS = 64000,        /**< Doubled each time, up to this      */
};

static struct {
	bool wantedv[SIP_TRANSPC];   /**< Transports that Baresip had        */
	uint32_t retry_ms;
	struct tmr tmr;
	renew_h *h;
} renew;


static bool local_get(int fd, struct sa *laddr)
{
	sa_init(laddr, AF_UNSPEC);
	laddr->len = sizeof(laddr->u);

	return !getsockname(fd, &laddr->u.sa, &laddr->len) &&
		(sa_af(laddr) == AF_INET || sa_af(laddr) == AF_INET6);
}


static bool is_udp_at(int fd, uint16_t port)
{
	struct sa laddr;
	int type;
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
		type == SOCK_DGRAM &&
		local_get(fd, &laddr) && sa_port(&laddr) == port;
}


/* The descriptor stays, and is libre's to close. What is still sent by it
   goes out from another port. */
static void unbind(int fd)
{
	struct sa laddr;
	int other;

	if (!local_get(fd, &laddr))
		return;

	other = socket(sa_af(&laddr), SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (other < 0)
		return;

	(void)dup2(other, fd);
	(void)close(other);
}


static void unbind_all(void)
{
	int fdv[DESCRIPTORS_MAX];
	struct sa laddr;
	size_t n;

	if (sip_transp_laddr(uag_sip(), &laddr, SIP_TRANSP_UDP, NULL))
		return;

	n = descriptors_open(fdv);

	for (size_t i = 0; i < n; i++) {
		if (is_udp_at(fdv[i], sa_port(&laddr)))
			unbind(fdv[i]);
	}
}


static bool is_there(unsigned tp)
{
	struct sa laddr;

	return !sip_transp_laddr(uag_sip(), &laddr, (enum sip_transp)tp,
				 NULL);
}


static bool is_complete(void)
{
	for (unsigned tp = 0; tp < SIP_TRANSPC; tp++) {
		if (renew.wantedv[tp] && !is_there(tp))
			return false;
	}

	return true;
}


static void try_handler(void *arg)
{
	int err;
	(void)arg;

	for (unsigned tp = 0; tp < SIP_TRANSPC; tp++)
		renew.wantedv[tp] |= is_there(tp);

	unbind_all();
	err = compat_renew_sockets();

	if (err && !is_complete()) {
		warning("failover: SIP sockets not opened anew (%m),"
			" once more in %u s\n", err, renew.retry_ms / 1000);
		tmr_start(&renew.tmr, renew.retry_ms, try_handler, NULL);
		renew.retry_ms = MIN(2 * renew.retry_ms, RETRY_MAX_MS);
	}

	renew.h();
}


/**
 * Open Baresip's SIP sockets anew, with the addresses that the machine has
 * now. All user agents register anew, calls that are up are refreshed. A
 * phone cannot do without its sockets: if one cannot be opened, all of this
 * is done again, after 1 s, 2 s and so on up to 64 s.
 */
void renew_sockets(void)
{
	renew.retry_ms = RETRY_MIN_MS;
	tmr_cancel(&renew.tmr);
	try_handler(NULL);
}


/**
 * Be ready to open them
 *
 * @param h Called each time
 */
void renew_open(renew_h *h)
{
	tmr_init(&renew.tmr);
	renew.h = h;
}


/** Try no more */
void renew_close(void)
{
	tmr_cancel(&renew.tmr);
}
