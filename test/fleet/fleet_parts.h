/**
 * @file fleet_parts.h  Between the files that make up the fleet
 *
 * fleet.c has the clock and the servers, phone.c a phone, fleet_view.c what
 * was seen.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FLEET_PARTS_H
#define FLEET_PARTS_H

#include "fleet.h"

#define NEVER UINT64_MAX

enum {
	BURST_MS = 10,
};

/** A request until it is answered, given up or forgotten */
struct request {
	unsigned server;             /**< 0: there is none                   */
	uint64_t since;              /**< First transmission                 */
	unsigned sends;
	uint64_t next;               /**< Next one                           */
	uint64_t answer;             /**< NEVER: none that is known          */
};

enum kind {
	REG,                         /**< Baresip's REGISTER                 */
	CHECK,                       /**< REGISTER, the failback check       */
	KEEPALIVE,                   /**< OPTIONS                            */
	KINDS,
};

struct phone {
	struct policy policy;
	struct request reqv[KINDS];
	uint64_t refresh;            /**< Also the first REGISTER            */
	uint64_t cut;                /**< Its connection ends, NEVER: not    */
	unsigned on;                 /**< Registered with, 0: none           */
	uint64_t sent[FLEET_SERVERS];
};

struct slot {
	uint64_t due;
	struct phone *phone;
};

struct fleet {
	struct plan plan;
	struct phone *phonev;
	struct slot *heap;           /**< The one that is due first on top   */
	struct second *secondv;
	uint64_t now;
	uint32_t second;             /**< The present one                    */
	uint32_t answered[FLEET_SERVERS]; /**< In it                         */
	uint64_t burst;              /**< The present one                    */
	uint32_t burst_seen[FLEET_SERVERS]; /**< In it                       */
	uint32_t burst_peak[FLEET_SERVERS]; /**< In the worst one            */
	unsigned on[FLEET_SERVERS + 1];
	uint64_t seed;
};

uint32_t fleet_rnd(struct fleet *f);
bool fleet_send(struct fleet *f, unsigned server, bool is_register);

void phone_happen(struct fleet *f, struct phone *ph);
uint64_t phone_due(const struct phone *ph);

#endif
