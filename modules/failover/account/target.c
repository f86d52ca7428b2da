/**
 * @file target.c  The addresses that a server's name stands for
 *
 * What is known of each, so that one that was found dead is not tried first
 * again and again, and is not taken for the whole server.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "server.h"
#include "target.h"


enum {
	AVOID_MS = 300 * 1000,       /**< Asking a closed one costs 0.5 s    */
};


static struct target *target_find(const struct server *srv,
				  const struct sa *addr)
{
	for (size_t i = 0; i < srv->targetc; i++) {
		if (sa_cmp(&srv->targetv[i].addr, addr, SA_ALL))
			return &srv->targetv[i];
	}

	return NULL;
}


/* Most servers are given as an address, and need none of it */
static bool have_room(struct server *srv)
{
	if (!srv->targetv)
		srv->targetv = mem_zalloc(MAX_TARGETS * sizeof(struct target),
					  NULL);

	return srv->targetv != NULL;
}


/* One may be used before the lookup has ended, or where there is none */
static struct target *target_get(struct server *srv, const struct sa *addr)
{
	struct target *target = target_find(srv, addr);

	if (!target && srv->targetc < MAX_TARGETS && server_is_name(srv) &&
	    have_room(srv)) {
		target = &srv->targetv[srv->targetc++];
		memset(target, 0, sizeof(*target));
		target->addr = *addr;
	}

	return target;
}


/**
 * Is this one of the server's addresses?
 *
 * @param srv  Server
 * @param addr Address and port
 *
 * @return True if it is
 */
bool target_has(const struct server *srv, const struct sa *addr)
{
	return (sa_isset(&srv->addr, SA_ALL) &&
		sa_cmp(&srv->addr, addr, SA_ALL)) || target_find(srv, addr);
}


/**
 * All that a server's name stands for has been looked up
 *
 * @param srv   Server
 * @param addrv Addresses and ports, the same one more than once perhaps
 * @param n     Number of them
 */
void target_set(struct server *srv, const struct sa *addrv, size_t n)
{
	struct target targetv[MAX_TARGETS];
	size_t c = 0;

	if (!have_room(srv))
		return;

	for (size_t i = 0; i < n && c < MAX_TARGETS; i++) {

		const struct target *old = target_find(srv, &addrv[i]);
		struct target target = { .addr = addrv[i] };
		bool twice = false;

		for (size_t k = 0; k < c; k++)
			twice |= sa_cmp(&targetv[k].addr, &addrv[i], SA_ALL);

		if (twice)
			continue;

		targetv[c++] = old ? *old : target;
	}

	memcpy(srv->targetv, targetv, c * sizeof(targetv[0]));
	srv->targetc = c;
}


/**
 * One of a server's addresses has failed
 *
 * @param srv    Server
 * @param dst    Address and port
 * @param silent True if it took a server's whole time to find out
 * @param now    Time [ms]
 */
void target_failed(struct server *srv, const struct sa *dst,
		   bool silent, uint64_t now)
{
	struct target *target = target_get(srv, dst);

	if (!target)
		return;

	target->failed = now;
	target->avoid  = silent ? UINT64_MAX : now + AVOID_MS;
}


/**
 * One of a server's addresses has answered
 *
 * @param srv Server
 * @param dst Address and port
 */
void target_answered(struct server *srv, const struct sa *dst)
{
	struct target *target = target_get(srv, dst);

	if (target)
		target->failed = target->avoid = 0;
}


/**
 * Has a server's name an address left that has not failed lately?
 *
 * @param srv Server
 * @param now Time [ms]
 *
 * @return True if it has one
 */
bool target_is_left(const struct server *srv, uint64_t now)
{
	for (size_t i = 0; i < srv->targetc; i++) {
		if (srv->targetv[i].avoid <= now)
			return true;
	}

	return false;
}


/**
 * Is a request to go to another one of the server's addresses than this? One
 * that has failed is avoided as long as there is one that has not, or not so
 * lately.
 *
 * @param srv Server
 * @param dst Address and port
 * @param now Time [ms]
 *
 * @return True if it is
 */
bool target_is_avoided(const struct server *srv, const struct sa *dst,
		       uint64_t now)
{
	const struct target *target = target_find(srv, dst);

	if (!target || target->avoid <= now)
		return false;

	for (size_t i = 0; i < srv->targetc; i++) {

		const struct target *other = &srv->targetv[i];

		if (other->avoid <= now || other->failed < target->failed)
			return true;
	}

	return false;
}
