/**
 * @file renew.c  Reopens Baresip's SIP sockets
 *
 * Baresip closes its sockets and opens new ones. libre keeps a UDP socket
 * while a message that it received may be answered again: 32 s, or a whole
 * call. Until then the address is in use, and Baresip cannot open the new
 * socket. So the old socket is first unbound from its address.
 *
 * Calls get the machine's new address by a re-INVITE. One that has another
 * re-INVITE under way gets it later.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <sys/socket.h>
#include <unistd.h>
#include "descriptors.h"
#include "conn_ref.h"
#include "renew.h"


enum {
	RETRY_MIN_MS = 1000,         /**< After a socket failed to open      */
	RETRY_MAX_MS = 64000,        /**< Doubled each time up to this       */
	REFRESH_MS   = 500,          /**< Calls that wait for an answer      */
	REFRESHES    = 80,           /**< ... longer than libre does: 32 s   */
};

static struct {
	bool wantedv[SIP_TRANSPC];   /**< Transports that Baresip had        */
	uint32_t retry_ms;
	unsigned refreshes;          /**< That are left                      */
	struct tmr tmr;
	struct tmr tmr_refresh;
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


/* The descriptor stays open until libre closes it. Packets that it still sends
   leave from another port. */
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


static void refresh_handler(void *arg)
{
	(void)arg;

	if (compat_refresh_calls() && renew.refreshes--)
		tmr_start(&renew.tmr_refresh, REFRESH_MS, refresh_handler,
			  NULL);
}


static void try_handler(void *arg)
{
	int err;
	(void)arg;

	for (unsigned tp = 0; tp < SIP_TRANSPC; tp++)
		renew.wantedv[tp] |= is_there(tp);

	unbind_all();
	err = compat_renew_sockets();
	conn_ref_look();

	if (err && !is_complete()) {
		warning("failover: SIP sockets not opened anew (%m),"
			" once more in %u s\n", err, renew.retry_ms / 1000);
		tmr_start(&renew.tmr, renew.retry_ms, try_handler, NULL);
		renew.retry_ms = MIN(2 * renew.retry_ms, RETRY_MAX_MS);
	}

	renew.h();

	renew.refreshes = REFRESHES;
	refresh_handler(NULL);
}


/**
 * Reopen Baresip's SIP sockets with the present addresses of the machine. All
 * user agents register anew, and calls are refreshed. If a socket cannot be
 * opened, all of this is repeated after 1 s, 2 s and so on up to 64 s, since a
 * phone needs its sockets.
 */
void renew_sockets(void)
{
	renew.retry_ms = RETRY_MIN_MS;
	tmr_cancel(&renew.tmr);
	try_handler(NULL);
}


/**
 * Set the handler for reopened sockets
 *
 * @param h Called each time
 */
void renew_open(renew_h *h)
{
	tmr_init(&renew.tmr);
	tmr_init(&renew.tmr_refresh);
	renew.h = h;
}


/** Stop trying */
void renew_close(void)
{
	tmr_cancel(&renew.tmr);
	tmr_cancel(&renew.tmr_refresh);
}
