/**
 * @file watch.c  Sees the end of a connection while nothing is sent over it
 *
 * libre closes a connection that has ended and tells nobody, unless a request
 * waits for it to open. It has no call for that, so the socket is watched
 * beside libre, through a second file descriptor: that becomes readable when
 * the peer ends the connection, whoever looks first, and when something is
 * received that makes libre close it, such as the end of TLS. libre also
 * closes one on which nothing was received for 15 minutes. There is a timer
 * for that, and no other: an idle phone is not woken up.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include "clock.h"
#include "connection.h"
#include "descriptors.h"
#include "evidence.h"
#include "line.h"
#include "renumber.h"
#include "timer.h"
#include "trace.h"
#include "watch.h"


enum {
	IDLE_MS = 900 * 1000,        /**< libre closes it, transp.c          */
	LATE_MS = 1000,              /**< ... and has done so by then        */
};

/** A connection that a server has answered a REGISTER on */
struct watch {
	struct le le;
	struct line *line;
	unsigned server;
	int fd;                      /**< libre's own                        */
	ino_t ino;                   /**< Tells sockets apart                */
	struct compat_fd cfd;        /**< The same socket, ours              */
	uint64_t since;              /**< Of its first answer [ms]           */
	struct timer tmr;
};

static struct list watchl;


static void destructor(void *arg)
{
	struct watch *watch = arg;

	list_unlink(&watch->le);
	timer_cancel(&watch->tmr);
	compat_fd_close(&watch->cfd);
}


static struct watch *find(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&watchl); le; le = le->next) {

		struct watch *watch = le->data;

		if (watch->line == line && watch->server == server)
			return watch;
	}

	return NULL;
}


/* Accounts may share a connection. Then one of our own descriptors may have
   been found in place of libre's. */
static int own_fd(int fd, ino_t ino)
{
	struct le *le;

	for (le = list_head(&watchl); le; le = le->next) {

		const struct watch *watch = le->data;

		if (watch->ino == ino)
			return watch->fd;
	}

	return fd;
}


static bool is_closed_by_libre(const struct watch *watch)
{
	ino_t ino;

	return !descriptors_inode(&ino, watch->fd) || ino != watch->ino;
}


static bool is_ended_by_peer(const struct watch *watch)
{
	struct pollfd pfd = { .fd = watch->cfd.fd, .events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0;
}


static bool is_of_use(const struct line *line, unsigned server)
{
	const struct policy *p = &line->policy;

	return server == p->target || server == p->standby ||
		server == p->standby_asked;
}


static void check_handler(void *arg)
{
	struct watch *watch = arg;
	struct line *line = watch->line;
	const unsigned server = watch->server;
	const uint64_t lived = clock_ms() - watch->since;
	uint32_t idle;

	if (is_closed_by_libre(watch) || is_ended_by_peer(watch)) {
		mem_deref(watch);
		evidence_flow_ended(line, server, lived);
		return;
	}

	idle = connection_idle_ms(watch->cfd.fd);
	timer_start(&watch->tmr,
		    (idle < IDLE_MS ? IDLE_MS - idle : 0) + LATE_MS,
		    check_handler, watch);
}


/* libre is to handle what was received first */
static void read_handler(int flags, void *arg)
{
	struct watch *watch = arg;
	(void)flags;

	trace_check();
	timer_start(&watch->tmr, 0, check_handler, watch);
}


static int watch_alloc(struct line *line, unsigned server, int fd, ino_t ino)
{
	struct watch *watch = mem_zalloc(sizeof(*watch), destructor);
	int err;

	if (!watch)
		return ENOMEM;

	list_append(&watchl, &watch->le, watch);
	watch->line   = line;
	watch->server = server;
	watch->fd     = fd;
	watch->ino    = ino;
	watch->since  = clock_ms();
	watch->cfd.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	err = watch->cfd.fd < 0 ? errno :
		compat_fd_listen(&watch->cfd, read_handler, watch);
	if (err) {
		mem_deref(watch);
		return err;
	}

	/* it may be ending already */
	timer_start(&watch->tmr, 0, check_handler, watch);

	return 0;
}


/**
 * A server has answered a REGISTER: the account can be called over this
 * connection from now on
 *
 * @param line   Line
 * @param server Server
 * @param tp     Transport
 * @param dst    Server's address
 */
void watch_begin(struct line *line, unsigned server, enum sip_transp tp,
		 const struct sa *dst)
{
	struct watch *old = find(line, server);
	ino_t ino;
	int fd;

	if (tp == SIP_TRANSP_UDP || !is_of_use(line, server)) {
		mem_deref(old);
		return;
	}

	fd = connection_latest(dst);
	if (!descriptors_inode(&ino, fd))
		return;

	connection_keep_alive(fd, line->set.tcp_keepalive_s);

	if (old && old->ino == ino)
		return;

	mem_deref(old);
	if (line->set.flow && watch_alloc(line, server, own_fd(fd, ino), ino))
		info("failover: %s: cannot watch the connection to server"
		     " %u\n", line_name(line), server);
}


/**
 * Stop watching connections to servers that are not in use any more
 *
 * @param line Line
 */
void watch_clean_up(const struct line *line)
{
	for (unsigned i = PRIMARY; i <= line->serverc; i++) {
		if (!is_of_use(line, i))
			mem_deref(find(line, i));
	}
}


/**
 * Watch no connection of an account any more
 *
 * @param line Line
 */
void watch_forget(const struct line *line)
{
	for (unsigned i = PRIMARY; i <= MAX_SERVERS; i++)
		mem_deref(find(line, i));
}


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void watch_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&watchl);

	while (le) {

		struct watch *watch = le->data;

		le = le->next;

		if (watch->line != line)
			continue;

		watch->server = renumber_to(rn, watch->server);
		if (!watch->server)
			mem_deref(watch);
	}
}
