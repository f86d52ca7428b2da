/**
 * @file network.c  Addresses and routes of the machine
 *
 * A netlink socket reports changes, rtnetlink(7). Changes come in bursts, so
 * the handler is called shortly after the first one.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif
#include "compat.h"
#include "error.h"
#include "network.h"


enum {
	BURST_MS  = 300,             /**< Most of a burst has come then      */
	READ_SIZE = 8192,            /**< Longest netlink message            */
};

static struct {
	struct compat_fd cfd;
	struct tmr tmr;
	bool added;                  /**< Address or route, in this burst    */
	unsigned changes;            /**< Number of changes seen             */
	network_h *h;
} network = { .cfd = { .fd = -1 }, .changes = 1 };


#ifdef __linux__
static void burst_handler(void *arg)
{
	const bool added = network.added;
	(void)arg;

	network.added = false;
	network.h(added);
}


static void read_handler(int flags, void *arg)
{
	union {
		struct nlmsghdr align;
		char buf[READ_SIZE];
	} u;
	const struct nlmsghdr *hdr = &u.align;
	ssize_t n;
	size_t len;
	(void)flags;
	(void)arg;

	n = recv(network.cfd.fd, &u, sizeof(u), MSG_DONTWAIT);
	if (n <= 0 && errno != ENOBUFS)
		return;

	++network.changes;

	/* ENOBUFS: the socket has lost messages */
	for (len = n > 0 ? (size_t)n : 0; NLMSG_OK(hdr, len);
	     hdr = NLMSG_NEXT(hdr, len)) {
		network.added |= hdr->nlmsg_type == RTM_NEWADDR ||
			hdr->nlmsg_type == RTM_NEWROUTE;
	}

	if (!tmr_isrunning(&network.tmr))
		tmr_start(&network.tmr, BURST_MS, burst_handler, NULL);
}


/**
 * Start to watch the machine's links, addresses and routes
 *
 * @param h Called after a change
 *
 * @return 0 if success, otherwise errorcode
 */
int network_open(network_h *h)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK |
			     RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int err;

	tmr_init(&network.tmr);
	network.h = h;
	network.added = false;

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


/** Stop watching */
void network_close(void)
{
	tmr_cancel(&network.tmr);
	compat_fd_close(&network.cfd);
}


/**
 * Are changes reported? If not, nothing tells the end of an outage.
 *
 * @return True if they are
 */
bool network_is_watched(void)
{
	return network.cfd.fd >= 0;
}


/**
 * A number that tells whether something has changed
 *
 * @return Number that differs after each change
 */
unsigned network_changes(void)
{
	return network.changes;
}


/** Search for the link of an address */
struct find {
	const struct sa *addr;       /**< NULL: the loopback link            */
	bool found;
	bool running;                /**< Up, with carrier                   */
};


static bool is_wanted(const struct ifaddrs *ifa, const struct find *f)
{
	struct sa sa;

	if (!f->addr)
		return ifa->ifa_flags & IFF_LOOPBACK;

	return ifa->ifa_addr && !sa_set_sa(&sa, ifa->ifa_addr) &&
		sa_cmp(&sa, f->addr, SA_ADDR);
}


/* Returns false if the links cannot be read: no descriptors, no memory */
static bool find(struct find *f)
{
	struct ifaddrs *list, *ifa;

	if (getifaddrs(&list))
		return false;

	for (ifa = list; ifa; ifa = ifa->ifa_next) {

		if (!is_wanted(ifa, f))
			continue;

		f->found = true;
		f->running |= (ifa->ifa_flags & IFF_RUNNING) != 0;
	}

	freeifaddrs(list);

	return true;
}


/**
 * Does the machine certainly not have this address?
 *
 * @param addr Address
 *
 * @return True if so; false also if this cannot be found out
 */
bool network_lacks(const struct sa *addr)
{
	struct find f = { .addr = addr };

	return find(&f) && !f.found;
}


static int no_way(int err)
{
	return error_is_want(err) ? err : ENETDOWN;
}


/**
 * Find the source address of packets to a destination. Nothing is sent.
 *
 * @param src Returned address
 * @param dst Destination, with a port
 *
 * @return 0 if success, ENETDOWN if there is no route; otherwise errorcode: it
 *         cannot be found out
 */
int network_source(struct sa *src, const struct sa *dst)
{
	struct find f = { .addr = NULL };
	int fd, err = 0;

	fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return no_way(errno);

	sa_init(src, sa_af(dst));

	if (connect(fd, &dst->u.sa, dst->len) ||
	    getsockname(fd, &src->u.sa, &src->len))
		err = no_way(errno);

	(void)close(fd);

	if (err)
		return err;

	/* a route stays when the cable is unplugged */
	if (!sa_cmp(src, dst, SA_ADDR))
		f.addr = src;

	return find(&f) && f.found && !f.running ? ENETDOWN : 0;
}
