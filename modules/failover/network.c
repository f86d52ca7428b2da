/**
 * @file network.c  Hears when the machine has a network again
 *
 * A netlink socket reports new addresses and routes, rtnetlink(7). They come
 * in bursts, so the handler is called once things have been quiet.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif
#include "failover.h"


enum {
	QUIET_MS  = 300,             /**< A burst is over                    */
	READ_SIZE = 8192,            /**< A netlink message at the most      */
};

static struct {
	struct compat_fd cfd;
	struct tmr tmr;
	network_h *h;
} network = { .cfd = { .fd = -1 } };


#ifdef __linux__
static void quiet_handler(void *arg)
{
	(void)arg;
	network.h();
}


static bool is_news(const void *buf, size_t len)
{
	const struct nlmsghdr *hdr = buf;

	for (; NLMSG_OK(hdr, len); hdr = NLMSG_NEXT(hdr, len)) {
		if (hdr->nlmsg_type == RTM_NEWADDR ||
		    hdr->nlmsg_type == RTM_NEWROUTE)
			return true;
	}

	return false;
}


static void read_handler(int flags, void *arg)
{
	union {
		struct nlmsghdr align;
		char buf[READ_SIZE];
	} u;
	ssize_t n;
	(void)flags;
	(void)arg;

	n = recv(network.cfd.fd, &u, sizeof(u), MSG_DONTWAIT);
	if (n > 0 && is_news(&u, (size_t)n))
		tmr_start(&network.tmr, QUIET_MS, quiet_handler, NULL);
}


/**
 * Begin to watch the machine's addresses and routes
 *
 * @param h Called after an address or route has been added
 *
 * @return 0 if success, otherwise errorcode
 */
int network_open(network_h *h)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int err;

	tmr_init(&network.tmr);
	network.h = h;

	network.cfd.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				NETLINK_ROUTE);
	if (network.cfd.fd < 0)
		return errno;

	if (bind(network.cfd.fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = errno;
	else
		err = compat_fd_listen(&network.cfd, read_handler, NULL);

	if (err) {
		(void)close(network.cfd.fd);
		network.cfd.fd = -1;
	}

	return err;
}
#else
int network_open(network_h *h)
{
	tmr_init(&network.tmr);
	network.h = h;

	return ENOSYS;
}
#endif


/** Watch no more */
void network_close(void)
{
	tmr_cancel(&network.tmr);
	compat_fd_close(&network.cfd);
}
