/**
 * @file srv.h  The order of SRV records
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SRV_H
#define FAILOVER_SRV_H

#include <stddef.h>
#include <stdint.h>

enum {
	SRV_HOST_SIZE = 256,         /**< RFC 1035 section 2.3.4             */
	SRV_MAX       = 64,          /**< Records of a name, more are ignored*/
};

/** An SRV record: RFC 2782 */
struct srv {
	uint16_t priority;           /**< The lowest is tried first          */
	uint16_t weight;             /**< Share within a priority            */
	uint16_t port;
	char host[SRV_HOST_SIZE];
};

size_t srv_order(struct srv *v, size_t n, uint64_t seed);
uint64_t srv_seed(uint64_t seed, const char *text);

#endif
