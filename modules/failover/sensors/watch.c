/**
 * @file watch.c  Sees the end of a connection while nothing is sent over it
 *
 * libre closes a connection that has ended and tells nobody, unless a request
 * waits for it to open. It has no call for that, so the socket is watched
 * beside libre, through a second file descriptor: that becomes readable when
 * the peer ends the connection, whoever looks first, and when something is
 * received that makes libre close it, such as the end of TLS. Accounts that
 * share a connection share that descriptor. libre also closes one on which
 * nothing was received for 15 minutes. There is a timer for that, and no
 * other: an idle phone is not woken up.
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
#include "index.h"
#include "line.h"
#include "renumber.h"
#include "timer.h"
#include "trace.h"
#include "watch.h"


enum {
	IDLE_MS = 900 * 1000,        /**< libre closes it, transp.c          */
	LATE_MS = 1000,              /**< ... and has done so by then        */
};

/** A connection that is watched; accounts may share it */
struct flow {
	struct le he;                /**< By its inode                       */
	struct list watchl;          /**< Accounts that use it               */
	int fd;                      /**< libre's own                        */
	ino_t ino;                   /**< Tells sockets apart                */
	struct compat_fd cfd;        /**< The same socket, ours              */
	struct timer tmr;
};

/** An account that has registered with a server over it */
struct watch {
	struct le le;                /**< Of the flow's                      */
	struct le lle;               /**< ... of its line's                  */
	struct flow *flow;
	struct line *line;
	unsigned server;
	uint64_t since;              /**< Of its first answer [ms]           */
};

static struct index flows;


static void flow_destructor(void *arg)
{
	struct flow *flow = arg;

	list_unlink(&flow->he);
	timer_cancel(&flow->tmr);
	compat_fd_close(&flow->cfd);
}


static void ino_key(struct pl *key, const ino_t *ino)
{
	key->p = (const char *)ino;
	key->l = sizeof(*ino);
}


static struct flow *flow_find(ino_t ino)
{
	struct pl key;
	struct le *le;

	ino_key(&key, &ino);

	for (le = list_head(index_bucket(&flows, &key)); le; le = le->next) {

		struct flow *flow = le->data;

		if (flow->ino == ino)
			return flow;
	}

	return NULL;
}


static bool is_closed_by_libre(const struct flow *flow)
{
	return !descriptors_is(flow->fd, flow->ino);
}


static bool is_ended_by_peer(const struct flow *flow)
{
	struct pollfd pfd = { .fd = flow->cfd.fd, .events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0;
}


/* The last watch takes the flow with it */
static void tell_end(struct flow *flow)
{
	struct le *le;

	(void)mem_ref(flow);

	while ((le = list_head(&flow->watchl))) {

		const struct watch watch = *(struct watch *)le->data;

		mem_deref(le->data);
		evidence_flow_ended(watch.line, watch.server,
				    clock_ms() - watch.since);
	}

	mem_deref(flow);
}


static void check_handler(void *arg)
{
	struct flow *flow = arg;
	uint32_t idle;

	if (is_closed_by_libre(flow) || is_ended_by_peer(flow)) {
		tell_end(flow);
		return;
	}

	idle = connection_idle_ms(flow->cfd.fd);
	timer_start(&flow->tmr,
		    (idle < IDLE_MS ? IDLE_MS - idle : 0) + LATE_MS,
		    check_handler, flow);
}


/* libre is to handle what was received first */
static void read_handler(int flags, void *arg)
{
	struct flow *flow = arg;
	(void)flags;

	trace_check();
	timer_start(&flow->tmr, 0, check_handler, flow);
}


static int flow_alloc(struct flow **flowp, int fd, ino_t ino)
{
	struct flow *flow = mem_zalloc(sizeof(*flow), flow_destructor);
	struct pl key;
	int err;

	if (!flow)
		return ENOMEM;

	flow->fd     = fd;
	flow->ino    = ino;
	flow->cfd.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	err = flow->cfd.fd < 0 ? errno :
		compat_fd_listen(&flow->cfd, read_handler, flow);
	if (err) {
		mem_deref(flow);
		return err;
	}

	ino_key(&key, &flow->ino);
	index_add_pl(&flows, &key, &flow->he, flow);

	*flowp = flow;

	return 0;
}


static void watch_destructor(void *arg)
{
	struct watch *watch = arg;

	list_unlink(&watch->le);
	list_unlink(&watch->lle);
	mem_deref(watch->flow);
}


static struct watch *find(const struct line *line, unsigned server)
{
	struct le *le;

	for (le = list_head(&line->watchl); le; le = le->next) {

		struct watch *watch = le->data;

		if (watch->server == server)
			return watch;
	}

	return NULL;
}


static bool is_of_use(const struct line *line, unsigned server)
{
	const struct policy *p = &line->policy;

	return server == p->target || server == p->standby ||
		server == p->standby_asked;
}


static int watch_alloc(struct line *line, unsigned server, struct flow *flow)
{
	struct watch *watch = mem_zalloc(sizeof(*watch), watch_destructor);

	if (!watch)
		return ENOMEM;

	watch->flow   = mem_ref(flow);
	watch->line   = line;
	watch->server = server;
	watch->since  = clock_ms();
	list_append(&flow->watchl, &watch->le, watch);
	list_append(&line->watchl, &watch->lle, watch);

	return 0;
}


static int begin(struct line *line, unsigned server, int fd, ino_t ino)
{
	struct flow *flow = mem_ref(flow_find(ino));
	int err = 0;

	if (!flow)
		err = flow_alloc(&flow, fd, ino);
	if (!err)
		err = watch_alloc(line, server, flow);

	/* it may be ending already */
	if (!err)
		timer_start(&flow->tmr, 0, check_handler, flow);

	mem_deref(flow);             /* its accounts hold it                 */

	return err;
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

	if (old && old->flow->ino == ino)
		return;

	mem_deref(old);
	if (line->set.flow && begin(line, server, fd, ino))
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
void watch_forget(struct line *line)
{
	list_flush(&line->watchl);
}


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void watch_renumber(const struct line *line, const struct renumber *rn)
{
	struct le *le = list_head(&line->watchl);

	while (le) {

		struct watch *watch = le->data;

		le = le->next;

		watch->server = renumber_to(rn, watch->server);
		if (!watch->server)
			mem_deref(watch);
	}
}
