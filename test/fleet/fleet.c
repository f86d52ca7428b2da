/**
 * @file fleet.c  The clock and the servers of many phones
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>
#include "fleet_parts.h"
#include "policy.h"


/* xorshift64*: the same on every machine */
static uint32_t draw(struct fleet *f)
{
	f->seed ^= f->seed >> 12;
	f->seed ^= f->seed << 25;
	f->seed ^= f->seed >> 27;

	return (uint32_t)(f->seed * 0x2545f4914f6cdd1dull >> 32);
}


/**
 * A random number for a phone's policy
 *
 * @param f Fleet
 *
 * @return Random number, the same for all if the plan says so
 */
uint32_t fleet_rnd(struct fleet *f)
{
	return f->plan.alike ? UINT32_MAX / 2 : draw(f);
}


/*
 * The servers
 */

static bool is_alive(const struct fleet *f, unsigned server)
{
	const uint64_t s = f->now / 1000;

	return s < f->plan.dead_s[server - 1] ||
		s >= f->plan.alive_s[server - 1];
}


static void count_burst(struct fleet *f, unsigned server)
{
	uint32_t *seen = &f->burst_seen[server - 1];
	uint32_t *peak = &f->burst_peak[server - 1];

	if (f->burst != f->now / BURST_MS) {
		f->burst = f->now / BURST_MS;
		memset(f->burst_seen, 0, sizeof(f->burst_seen));
	}

	if (++*seen > *peak)
		*peak = *seen;
}


/**
 * Send a request to a server
 *
 * @param f           Fleet
 * @param server      Server
 * @param is_register False: it is OPTIONS, which is not counted
 *
 * @return True if it will be answered
 */
bool fleet_send(struct fleet *f, unsigned server, bool is_register)
{
	const bool alive = is_alive(f, server);

	if (!is_register)
		return alive;

	++f->secondv[f->second].seen[server - 1];
	count_burst(f, server);

	if (!alive || !f->plan.capacity)
		return alive;

	return f->answered[server - 1]++ < f->plan.capacity;
}


/*
 * Time
 */

static void sift_down(struct fleet *f, unsigned i)
{
	const struct slot slot = f->heap[i];
	unsigned child;

	while ((child = 2 * i + 1) < f->plan.phones) {

		if (child + 1 < f->plan.phones &&
		    f->heap[child + 1].due < f->heap[child].due)
			++child;
		if (slot.due <= f->heap[child].due)
			break;

		f->heap[i] = f->heap[child];
		i = child;
	}

	f->heap[i] = slot;
}


static void go_to(struct fleet *f, uint64_t when)
{
	f->now = when;

	while (f->second < when / 1000) {
		f->secondv[f->second++].on_primary = f->on[PRIMARY];
		memset(f->answered, 0, sizeof(f->answered));
	}
}


static void note_server(struct fleet *f, struct phone *ph)
{
	const struct policy *p = &ph->policy;
	const unsigned on = p->state == POLICY_SETTLED &&
		p->serverv[p->target - 1].registered ? p->target : 0;

	--f->on[ph->on];
	++f->on[on];
	ph->on = on;
}


/**
 * Go through the plan
 *
 * @param f Fleet
 */
void fleet_run(struct fleet *f)
{
	const uint64_t end = (uint64_t)f->plan.seconds * 1000;

	while (f->heap->due < end) {

		struct phone *ph = f->heap->phone;

		go_to(f, f->heap->due);
		phone_happen(f, ph);
		note_server(f, ph);

		f->heap->due = phone_due(ph);
		sift_down(f, 0);
	}

	go_to(f, end);
}


/**
 * A fleet that has not been switched on
 *
 * @param plan What is to happen, copied
 *
 * @return Fleet, to be freed with fleet_free(); NULL if there is no memory
 */
struct fleet *fleet_alloc(const struct plan *plan)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;

	f->plan    = *plan;
	f->seed    = 20260401;
	f->phonev  = calloc(plan->phones, sizeof(*f->phonev));
	f->heap    = calloc(plan->phones, sizeof(*f->heap));
	f->secondv = calloc(plan->seconds + 1, sizeof(*f->secondv));
	f->on[0]   = plan->phones;

	if (!f->phonev || !f->heap || !f->secondv) {
		fleet_free(f);
		return NULL;
	}

	for (unsigned i = 0; i < plan->phones; i++) {

		struct phone *ph = &f->phonev[i];

		policy_init(&ph->policy, &f->plan.set, FLEET_SERVERS, 0);
		ph->refresh = (uint64_t)plan->start_ms * draw(f) >> 32;
		ph->cut = plan->cut_s ? (uint64_t)plan->cut_s * 1000 : NEVER;
		f->heap[i].phone = ph;
		f->heap[i].due   = ph->refresh;
	}

	for (unsigned i = plan->phones; i-- > 0; )
		sift_down(f, i);

	return f;
}


/**
 * Free a fleet
 *
 * @param f Fleet
 */
void fleet_free(struct fleet *f)
{
	free(f->phonev);
	free(f->heap);
	free(f->secondv);
	free(f);
}
