/**
 * @file fleet_view.c  What was seen of a fleet
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fleet_parts.h"


/**
 * What was seen, second by second
 *
 * @param f Fleet
 *
 * @return As many as the plan has seconds
 */
const struct second *fleet_seconds(const struct fleet *f)
{
	return f->secondv;
}


/**
 * A phone's policy
 *
 * @param f Fleet
 * @param i Number of the phone, from 0
 *
 * @return Policy
 */
const struct policy *fleet_policy(const struct fleet *f, unsigned i)
{
	return &f->phonev[i].policy;
}


/**
 * Phones that are registered with a server
 *
 * @param f      Fleet
 * @param server Server, 0: with none
 *
 * @return Number of phones
 */
unsigned fleet_on(const struct fleet *f, unsigned server)
{
	return f->on[server];
}


/**
 * REGISTERs to a server, as the phones have counted them
 *
 * @param f      Fleet
 * @param server Server
 *
 * @return Number of transmissions
 */
uint64_t fleet_sent(const struct fleet *f, unsigned server)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < f->plan.phones; i++)
		sum += f->phonev[i].sent[server - 1];

	return sum;
}


/**
 * The same, as the servers have counted them
 *
 * @param f      Fleet
 * @param server Server
 *
 * @return Number of transmissions
 */
uint64_t fleet_seen(const struct fleet *f, unsigned server)
{
	uint64_t sum = 0;

	for (uint32_t s = 0; s < f->plan.seconds; s++)
		sum += f->secondv[s].seen[server - 1];

	return sum;
}


/**
 * The most REGISTERs that a server saw in a second
 *
 * @param f      Fleet
 * @param server Server
 * @param from_s First second
 * @param to_s   The one after the last
 *
 * @return Number of transmissions
 */
uint32_t fleet_peak(const struct fleet *f, unsigned server, uint32_t from_s,
		    uint32_t to_s)
{
	uint32_t peak = 0;

	for (uint32_t s = from_s; s < to_s; s++) {
		if (f->secondv[s].seen[server - 1] > peak)
			peak = f->secondv[s].seen[server - 1];
	}

	return peak;
}


/**
 * The most REGISTERs that a server saw within 10 ms
 *
 * @param f      Fleet
 * @param server Server
 *
 * @return Number of transmissions
 */
uint32_t fleet_burst(const struct fleet *f, unsigned server)
{
	return f->burst_peak[server - 1];
}


/**
 * When was this part of the phones on the primary for good?
 *
 * @param f       Fleet
 * @param percent Part
 *
 * @return Second, the plan's length if never
 */
uint32_t fleet_back_s(const struct fleet *f, unsigned percent)
{
	uint32_t s = f->plan.seconds;

	while (s > 0 && (uint64_t)f->secondv[s - 1].on_primary * 100 >=
	       (uint64_t)f->plan.phones * percent)
		--s;

	return s;
}
