/**
 * @file target.c  The addresses of a server's name
 *
 * For each address the last failure is stored. So a dead one is not tried
 * first each time, and is not taken for the whole server.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "server.h"
#include "target.h"


enum {
	AVOID_MS = 300 * 1000,       /**< A refused attempt costs 0.5 s      */
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


/* Most servers are given as an address, and need no list */
static bool have_room(struct server *srv)
{
	if (!srv->targetv)
		srv->targetv = mem_zalloc(MAX_TARGETS * sizeof(struct target),
					  NULL);

	return srv->targetv != NULL;
}


/* A server may be used before its lookup ends, or without a lookup */
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
 * All addresses of a server's name have been looked up
 *
 * @param srv   Server
 * @param addrv Addresses and ports, possibly with repetitions
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
 * @param silent True if the whole time for an answer has passed
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
 * Does a server's name have an address that is not avoided?
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
 * Should a request go to another address of this server? An address that has
 * failed is avoided if another one has not failed, or has failed earlier.
 *
 * @param srv Server
 * @param dst Address and port
 * @param now Time [ms]
 *
 * @return True if it should
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
