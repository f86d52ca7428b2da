/**
 * @file connection.c  Ends TCP connections that have died unnoticed
 *
 * A peer that has vanished, or that a NAT has forgotten, ends no connection:
 * libre goes on using it until the kernel gives it up, after a quarter of an
 * hour, and would send the next look at that server over it as well. The same
 * goes for a TLS handshake that hangs. The kernel knows (tcp(7), TCP_INFO)
 * whether what was sent has arrived. If not, the connection is made to end:
 * libre then reads an end of file and lets go of it, and the next request
 * opens a new one.
 *
 * A connection that the peer has reset does end, but libre tells nobody who
 * has sent a request over it. So one may ask here whether it is still there.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/tcp.h>
#include "compat.h"
#include "connection.h"


enum {
	MAX_FDS = 4096,              /**< Enough for any phone               */
};


static bool is_peer(int fd, const struct sa *dst)
{
	struct sa peer;

	sa_init(&peer, AF_UNSPEC);
	peer.len = sizeof(peer.u);

	if (getpeername(fd, &peer.u.sa, &peer.len) ||
	    sa_port(&peer) != sa_port(dst))
		return false;

	return !sa_isset(dst, SA_ADDR) || sa_cmp(&peer, dst, SA_ADDR);
}


/* Kernels append to the struct: the last field that we read has to be there */
static bool info_get(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) &&
		len >= offsetof(struct tcp_info, tcpi_bytes_received) +
		sizeof(info->tcpi_bytes_received) &&
		info->tcpi_state == 1; /* TCP_ESTABLISHED */
}


/* Nothing of what was sent has arrived for so long; or nothing has ever come
   back over TLS, where even the first request has to wait for that */
static bool is_dead(const struct tcp_info *info, enum sip_transp tp,
		    uint64_t silent_ms)
{
	if (info->tcpi_unacked && info->tcpi_last_ack_recv >= silent_ms)
		return true;

	return tp == SIP_TRANSP_TLS && !info->tcpi_bytes_received &&
		info->tcpi_last_data_recv >= silent_ms;
}


/* Reading ends now. When libre closes it, what has not arrived by then never
   will, such as an INVITE that was given up. */
static void end(int fd)
{
	const struct linger off = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	(void)shutdown(fd, SHUT_RD);
}


/**
 * End the connections to a server that are dead
 *
 * @param dst       Server's address; if that is not set, any with its port
 * @param tp        Transport
 * @param silent_ms The server has been silent for so long
 */
void connection_end_dead(const struct sa *dst, enum sip_transp tp,
			 uint64_t silent_ms)
{
	const long max = sysconf(_SC_OPEN_MAX);
	struct tcp_info info;

	if (tp == SIP_TRANSP_UDP)
		return;

	for (int fd = 0; fd < MAX_FDS && fd < max; fd++) {
		if (is_peer(fd, dst) && info_get(fd, &info) &&
		    is_dead(&info, tp, silent_ms))
			end(fd);
	}
}


/**
 * Is there a connection, on which requests could have been sent?
 *
 * @param dst Peer's address
 *
 * @return True if there is
 */
bool connection_is_there(const struct sa *dst)
{
	const long max = sysconf(_SC_OPEN_MAX);
	struct tcp_info info;

	for (int fd = 0; fd < MAX_FDS && fd < max; fd++) {
		if (is_peer(fd, dst) && info_get(fd, &info))
			return true;
	}

	return false;
}
