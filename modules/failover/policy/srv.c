/**
 * @file srv.c  The order of SRV records
 *
 * RFC 2782: the lowest priority comes first. Within one priority the order is
 * random, by weight. A record's draw depends only on the seed and its own
 * name. So with the same seed, the order of the other records stays when one
 * comes or goes.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "srv.h"


/** A record and its draw */
struct lot {
	struct srv srv;
	double lot;                  /**< The lowest is first                */
};


/**
 * Mix a text into a seed
 *
 * @param seed Seed, 0 to begin with
 * @param text Text; case does not matter
 *
 * @return New seed, which differs from text to text
 */
uint64_t srv_seed(uint64_t seed, const char *text)
{
	/* FNV-1a */
	uint64_t h = seed ^ 0xcbf29ce484222325;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;

		h = (h ^ c) * 0x100000001b3;
	}

	/* the last step of MurmurHash3: each bit depends on every bit */
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;

	return h ^ (h >> 33);
}


/* The first record of a priority is chosen by weight: each record gets the
   time of a random event (exponential distribution, weight as rate), and the
   earliest one wins. Weight 0 comes last in its priority. */
static double draw(const struct srv *srv, uint64_t seed)
{
	const uint64_t h = srv_seed(seed + srv->port, srv->host);
	const double even = ((double)(h >> 11) + 1) / 9007199254740992.0;

	return srv->weight ? -log(even) / srv->weight : 1e9 - even;
}


/* The host becomes part of a SIP URI. "." means: no such service here */
static bool is_host(const char *host)
{
	const char *p;

	for (p = host; *p; p++) {
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && !strchr("-_.", *p))
			return false;
	}

	return *host && *host != '.';
}


static bool is_before(const struct srv *a, const struct srv *b)
{
	return a->priority < b->priority;
}


/* Is it the same server again? Its best record counts */
static bool is_twice(struct lot *v, size_t n, const struct srv *srv)
{
	for (size_t i = 0; i < n; i++) {

		if (v[i].srv.port != srv->port ||
		    strcasecmp(v[i].srv.host, srv->host))
			continue;

		if (is_before(srv, &v[i].srv))
			v[i].srv = *srv;

		return true;
	}

	return false;
}


static int compare(const void *a, const void *b)
{
	const struct lot *one = a, *two = b;

	if (one->srv.priority != two->srv.priority)
		return one->srv.priority < two->srv.priority ? -1 : 1;

	if (one->lot != two->lot)
		return one->lot < two->lot ? -1 : 1;

	return strcasecmp(one->srv.host, two->srv.host);
}


/**
 * Order SRV records, and remove those that are no server: "." (RFC 2782), a
 * host that is not valid in a URI, port 0, a repeated server
 *
 * @param v    Records, returned in order
 * @param n    Number of them, SRV_MAX at most
 * @param seed Seed of this phone; the same seed gives the same order
 *
 * @return Number of records left
 */
size_t srv_order(struct srv *v, size_t n, uint64_t seed)
{
	struct lot lotv[SRV_MAX] = { { .lot = 0 } };
	size_t c = 0;

	for (size_t i = 0; i < n && i < SRV_MAX; i++) {
		if (v[i].port && is_host(v[i].host) &&
		    !is_twice(lotv, c, &v[i]))
			lotv[c++].srv = v[i];
	}

	for (size_t i = 0; i < c; i++)
		lotv[i].lot = draw(&lotv[i].srv, seed);

	qsort(lotv, c, sizeof(lotv[0]), compare);

	for (size_t i = 0; i < c; i++)
		v[i] = lotv[i].srv;

	return c;
}
