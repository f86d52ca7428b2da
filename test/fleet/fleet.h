/**
 * @file fleet.h  Many phones, a primary and a backup, a made-up clock
 *
 * Each phone is a policy as in the module. What lies around it is a model:
 * a REGISTER is answered 20 ms later or not at all, and retransmitted until
 * then as RFC 3261 has it. Times are in ms from the beginning. Connections
 * are not played, but for their end.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FLEET_H
#define FLEET_H

#include "settings.h"
#include "state.h"

enum {
	BACKUP = 2,
	FLEET_SERVERS = 2,
	EXPIRES_S = 3600,            /**< Asked for and granted              */
	REFRESH_S = EXPIRES_S / 100 * 90, /**< As libre does it              */
};

/** What happens to a fleet */
struct plan {
	struct settings set;         /**< Of every phone                     */
	unsigned phones;
	uint32_t seconds;            /**< Length                             */
	uint32_t start_ms;           /**< All register first within this     */
	uint32_t dead_s[FLEET_SERVERS];  /**< A server is silent from ...    */
	uint32_t alive_s[FLEET_SERVERS]; /**< ... to                         */
	uint32_t cut_s;              /**< All connections to the primary end;
					  it takes new ones. 0: never        */
	uint32_t capacity;           /**< REGISTERs that a server answers in
					  a second, 0: all; the others are
					  lost                               */
	bool alike;                  /**< All draw the same random number    */
};

/** What was seen in one second */
struct second {
	uint32_t seen[FLEET_SERVERS]; /**< REGISTERs that reached a server   */
	uint32_t on_primary;          /**< Phones, at its end                */
};

struct fleet;

struct fleet *fleet_alloc(const struct plan *plan);
void fleet_free(struct fleet *fleet);
void fleet_run(struct fleet *fleet);

const struct second *fleet_seconds(const struct fleet *fleet);
const struct policy *fleet_policy(const struct fleet *fleet, unsigned i);
unsigned fleet_on(const struct fleet *fleet, unsigned server);
uint64_t fleet_sent(const struct fleet *fleet, unsigned server);
uint64_t fleet_seen(const struct fleet *fleet, unsigned server);
uint32_t fleet_peak(const struct fleet *fleet, unsigned server,
		    uint32_t from_s, uint32_t to_s);
uint32_t fleet_burst(const struct fleet *fleet, unsigned server);
uint32_t fleet_back_s(const struct fleet *fleet, unsigned percent);

#endif
