/**
 * @file connection.c  Ends TCP connections that died without an end of file
 *
 * If a peer or a NAT binding vanishes, the connection does not end. libre uses
 * it until the kernel gives it up, after a quarter of an hour. The next check
 * of that server would use it, too. A TLS handshake that hangs has the same
 * effect. The kernel knows whether the sent data has arrived (tcp(7),
 * TCP_INFO). If not, this file ends the connection. libre then reads an end of
 * file and closes it, and the next request opens a new one.
 *
 * If the peer resets a connection, it ends, but libre does not tell the sender
 * of a request. So this file tells whether a connection still exists. If the
 * peer sends part of a message and libre waits for the rest, the connection
 * stays open, and all later answers are lost. stall.c ends such a connection
 * in order.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include <sys/socket.h>
#include <linux/tcp.h>
#include "compat.h"
#include "connection.h"
#include "descriptors.h"


enum {
	KEEPALIVE_INTERVAL_S = 5,    /**< Time between unanswered probes     */
	KEEPALIVE_COUNT      = 3,    /**< Give up after so many              */
	KERNEL_TIMEOUT_MS    = 900000,/**< tcp(7), tcp_retries2              */
};


static bool is_peer(int fd, const struct sa *dst)
{
	struct sa peer;

	sa_init(&peer, AF_UNSPEC);
	peer.len = sizeof(peer.u);

	return !getpeername(fd, &peer.u.sa, &peer.len) &&
		sa_cmp(&peer, dst, SA_ALL);
}


static bool is_local(int fd, const struct sa *local)
{
	struct sa sa;

	sa_init(&sa, AF_UNSPEC);
	sa.len = sizeof(sa.u);

	return !getsockname(fd, &sa.u.sa, &sa.len) &&
		sa_cmp(&sa, local, SA_ALL);
}


/* The sockets with this peer */
static size_t find(int fdv[DESCRIPTORS_MAX], const struct sa *dst)
{
	const size_t n = descriptors_open(fdv);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_peer(fdv[i], dst))
			fdv[found++] = fdv[i];
	}

	return found;
}


/* Newer kernels append fields: check that our last field is there */
static bool info_read(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) &&
		len >= offsetof(struct tcp_info, tcpi_bytes_received) +
		sizeof(info->tcpi_bytes_received);
}


static bool info_get(int fd, struct tcp_info *info)
{
	return info_read(fd, info) &&
		info->tcpi_state == 1; /* TCP_ESTABLISHED */
}


/* Shortest time that the oldest unacknowledged data can have waited. The
   kernel doubles its timer with each retransmission (RFC 6298 section 5.5).
   Before the first one, nothing may be wrong. */
static uint64_t unheard_ms(const struct tcp_info *info)
{
	const uint64_t rto = info->tcpi_rto / 1000;

	if (!info->tcpi_unacked || !info->tcpi_retransmits)
		return 0;

	return rto - (rto >> MIN(info->tcpi_retransmits, 63)) +
		info->tcpi_last_data_sent;
}


/* Over TLS nothing was ever received, and without that even the first request
   cannot be sent */
static bool is_no_handshake(const struct tcp_info *info, enum sip_transp tp,
			    uint64_t silent_ms)
{
	return tp == SIP_TRANSP_TLS && !info->tcpi_bytes_received &&
		info->tcpi_last_data_recv >= silent_ms;
}


/* For so long no acknowledgement has come, although the kernel has
   retransmitted */
static bool is_dead(const struct tcp_info *info, enum sip_transp tp,
		    uint64_t silent_ms)
{
	return (unheard_ms(info) >= silent_ms &&
		info->tcpi_last_ack_recv >= silent_ms) ||
		is_no_handshake(info, tp, silent_ms);
}


/* When libre closes the connection, data that has not arrived is dropped, such
   as an INVITE that was given up */
static void drop_when_closed(int fd)
{
	const struct linger off = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
}


/* Reading ends now */
static void end(int fd)
{
	drop_when_closed(fd);
	(void)shutdown(fd, SHUT_RD);
}


/**
 * End the dead connections to a server
 *
 * @param dst       Server's address
 * @param tp        Transport
 * @param silent_ms How long the server has been silent, above 0 [ms]
 */
void connection_end_dead(const struct sa *dst, enum sip_transp tp,
			 uint64_t silent_ms)
{
	struct tcp_info info;
	int fdv[DESCRIPTORS_MAX];
	size_t n;

	if (tp == SIP_TRANSP_UDP)
		return;

	n = find(fdv, dst);

	for (size_t i = 0; i < n; i++) {
		if (info_get(fdv[i], &info) && is_dead(&info, tp, silent_ms))
			end(fdv[i]);
	}
}


static bool look_for_handshake(const struct sa *dst, enum sip_transp tp,
			       uint64_t silent_ms, bool to_end)
{
	struct tcp_info info;
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);
	bool found = false;

	for (size_t i = 0; i < n; i++) {

		if (!info_get(fdv[i], &info) ||
		    !is_no_handshake(&info, tp, silent_ms))
			continue;

		found = true;
		if (to_end)
			end(fdv[i]);
	}

	return found;
}


/**
 * Is there a connection to a server that waits for its TLS handshake?
 *
 * @param dst Server's address
 * @param tp  Transport
 *
 * @return True if there is one
 */
bool connection_in_handshake(const struct sa *dst, enum sip_transp tp)
{
	return look_for_handshake(dst, tp, 0, false);
}


/**
 * End the connections to a server whose TLS handshake hangs
 *
 * @param dst       Server's address
 * @param tp        Transport
 * @param silent_ms How long, above 0 [ms]
 *
 * @return True if there were any
 */
bool connection_end_handshake(const struct sa *dst, enum sip_transp tp,
			      uint64_t silent_ms)
{
	return look_for_handshake(dst, tp, silent_ms, true);
}


/**
 * End the connections to a server in order: it gets a FIN, and data on its way
 * arrives. libre's next request opens a new connection.
 *
 * @param dst Server's address
 */
void connection_end(const struct sa *dst)
{
	struct tcp_info info;
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);

	for (size_t i = 0; i < n; i++) {
		if (info_get(fdv[i], &info))
			(void)shutdown(fdv[i], SHUT_RD);
	}
}


/**
 * Baresip is about to close its connections to a server, and what waits for an
 * answer there is sent anew. So what has not arrived yet is not to arrive.
 *
 * @param dst Server's address
 */
void connection_drop(const struct sa *dst)
{
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);

	for (size_t i = 0; i < n; i++)
		drop_when_closed(fdv[i]);
}


/**
 * Is there a connection between two addresses?
 *
 * @param local Our address
 * @param peer  Peer's address
 *
 * @return True if there is
 */
bool connection_is_open(const struct sa *local, const struct sa *peer)
{
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, peer);

	for (size_t i = 0; i < n; i++) {
		if (is_local(fdv[i], local))
			return true;
	}

	return false;
}


/**
 * Is there a connection that requests may have used, and does the server
 * acknowledge them?
 *
 * @param dst Peer's address
 *
 * @return Its state
 */
enum connection connection_state(const struct sa *dst)
{
	enum connection found = CONNECTION_NONE;
	struct tcp_info info;
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);

	for (size_t i = 0; i < n; i++) {

		if (!info_get(fdv[i], &info))
			continue;

		if (!unheard_ms(&info))
			return CONNECTION_HEARD;

		found = CONNECTION_UNHEARD;
	}

	return found;
}


/**
 * Has something arrived from a peer that libre has not read yet?
 *
 * @param dst Peer's address
 *
 * @return True if it has
 */
bool connection_is_unread(const struct sa *dst)
{
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);

	for (size_t i = 0; i < n; i++) {
		if (descriptors_readable(fdv[i]))
			return true;
	}

	return false;
}


/**
 * The connection to a peer that has received data last
 *
 * @param dst Peer's address
 *
 * @return Its file descriptor, -1 if there is none
 */
int connection_latest(const struct sa *dst)
{
	uint32_t idle = UINT32_MAX;
	struct tcp_info info;
	int latest = -1;
	int fdv[DESCRIPTORS_MAX];
	const size_t n = find(fdv, dst);

	for (size_t i = 0; i < n; i++) {
		if (info_read(fdv[i], &info) &&
		    info.tcpi_bytes_received &&
		    info.tcpi_last_data_recv < idle) {
			idle   = info.tcpi_last_data_recv;
			latest = fdv[i];
		}
	}

	return latest;
}


/**
 * How long a connection has received nothing
 *
 * @param fd File descriptor
 *
 * @return Time [ms], 0 if it is not known
 */
uint32_t connection_idle_ms(int fd)
{
	struct tcp_info info;

	return info_read(fd, &info) ? info.tcpi_last_data_recv : 0;
}


/**
 * Enable TCP keepalive. Sent data is given up after the same time, unless the
 * kernel's own time, about 15 minutes, is shorter.
 *
 * @param fd File descriptor
 * @param s  Idle time before a keepalive probe [s], 0: never
 */
void connection_keep_alive(int fd, uint32_t s)
{
	const int on = s > 0, idle = (int)s, interval = KEEPALIVE_INTERVAL_S;
	const int count = KEEPALIVE_COUNT;
	unsigned end_ms = (s + KEEPALIVE_INTERVAL_S * KEEPALIVE_COUNT) * 1000;

	if (!s || end_ms > KERNEL_TIMEOUT_MS)
		end_ms = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &end_ms,
			 sizeof(end_ms));
	if (!s)
		return;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval,
			 sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}
