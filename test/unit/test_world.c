/**
 * @file test_world.c  A phone, servers with location tables, and delays
 *
 * A small model of what lies around the policy: Baresip, which drops its old
 * client at each registration, libre, which then de-registers, and servers
 * that answer when they like, or stop and later hear all that was sent to
 * them. When nothing is under way any more the phone must be in the table
 * that the servers share, or, where each has its own, in that of the server
 * in use and of the one that stands by.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <string.h>
#include "fixture.h"
#include "policy.h"
#include "register.h"
#include "settings.h"


enum {
	SERVERS     = 3,
	REQUESTS    = 128,           /**< At a time                          */
	DELAY_MS    = 150,           /**< One way, at most                   */
	EVENTS      = 40,            /**< What happens from outside          */
	EVENT_MS    = 40000,         /**< Between two of them, at most       */
	RUNS        = 1500,
	REFUSES_ONE_IN = 8,          /**< Renewals                           */
	PATIENCE_MS = 4 * 3600 * 1000,
};

#define NEVER UINT64_MAX

enum kind {
	FREE,
	REGISTER,                    /**< Baresip's                          */
	DEREGISTER,
	RENEWAL,
	CHECK,                       /**< Failback check                     */
	STANDBY,                     /**< Second registration                */
};

struct request {
	enum kind kind;
	unsigned server;
	uint64_t heard_at;           /**< By the server, NEVER: waits there  */
	uint64_t answer_at;
	uint64_t expires;            /**< NEVER: has                         */
	unsigned deregs;             /**< RENEWAL: known when it was sent    */
	bool registered;             /**< REGISTER: its client was, before   */
	bool ok;                     /**< The server has taken it            */
};

struct world {
	struct fix f;
	uint32_t seed;
	bool stopped[SERVERS];
	bool bound;                  /**< What the shared table says         */
	bool bound_at[SERVERS];      /**< ... and what each one's own        */
	struct request reqv[REQUESTS];

	unsigned client;             /**< Server of Baresip's client         */
	bool registered;             /**< It is                              */
	struct request *pending;     /**< Its REGISTER, or none              */
	struct request *renewal;
	struct request *check;
	struct request *standby;
	bool refused;                /**< The last renewal was refused       */
};


/* xorshift: the same on every machine */
static uint32_t draw(struct world *w, uint32_t range)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 17;
	w->seed ^= w->seed << 5;

	return w->seed % range;
}


static uint64_t later(struct world *w)
{
	return w->f.now + 1 + draw(w, DELAY_MS);
}


static struct request *send(struct world *w, enum kind kind, unsigned server)
{
	struct request *req = w->reqv;

	while (req->kind != FREE)
		++req;

	assert_true(req < w->reqv + REQUESTS);

	req->kind       = kind;
	req->server     = server;
	req->heard_at   = later(w);
	req->answer_at  = NEVER;
	req->expires    = w->f.now + TRANSACTION_MS + 500;
	req->deregs     = w->f.p.deregs;
	req->registered = w->registered;

	return req;
}


static void send_register(struct world *w)
{
	w->pending = send(w, REGISTER, w->client);
	register_sent(&w->f.p, w->client, w->f.now);
}


/* ua_register(): a client that waits for an answer de-registers after it */
static void move(struct world *w, unsigned server)
{
	if (w->registered && !w->pending)
		send(w, DEREGISTER, w->client);

	w->client     = server;
	w->registered = false;
	send_register(w);
}


/* As line.c does it */
static void act(struct world *w)
{
	const struct decision d = w->f.d;

	if (!w->f.p.renewing)
		w->renewal = NULL;
	if (d.register_with)
		move(w, d.register_with);
	if (d.probe)
		w->check = send(w, CHECK, d.probe);
	if (d.renew)
		w->renewal = send(w, RENEWAL, w->f.p.target);
	if (d.standby)
		w->standby = send(w, STANDBY, d.standby);

	memset(&w->f.d, 0, sizeof(w->f.d));
}


static void heard(struct world *w, struct request *req)
{
	if (w->stopped[req->server - 1]) {
		req->heard_at = NEVER;
		return;
	}

	req->ok = req->kind != RENEWAL || draw(w, REFUSES_ONE_IN);
	if (req->ok) {
		w->bound = req->kind != DEREGISTER;
		w->bound_at[req->server - 1] = w->bound;
	}

	req->heard_at  = NEVER;
	req->answer_at = later(w);
}


static void take_register(struct world *w, const struct request *req)
{
	if (req != w->pending) {
		send(w, DEREGISTER, req->server);
		return;
	}

	w->pending    = NULL;
	w->registered = true;
	w->refused    = false;
	fix_ok(&w->f);
}


/* Nothing more can be done if the server in use does not want it, unless
   there is a newer reason to ask */
static void renewal_ended(struct world *w, const struct request *req, bool ok)
{
	w->renewal = NULL;
	w->refused = !ok && req->server == w->f.p.target &&
		req->deregs == w->f.p.deregs;

	fix_renewed(&w->f, ok, req->deregs);
}


static void answered(struct world *w, struct request *req)
{
	const bool expired = req->expires == NEVER;

	switch (req->kind) {

	case REGISTER:
		if (!expired)
			take_register(w, req);
		break;

	case DEREGISTER:
		/* seen even if it is late */
		fix_deregistered(&w->f);
		break;

	case RENEWAL:
		if (req == w->renewal && !expired)
			renewal_ended(w, req, req->ok);
		break;

	case CHECK:
		if (req == w->check && !expired) {
			w->check = NULL;
			fix_probed(&w->f, true);
		}
		break;

	case STANDBY:
		if (req == w->standby && !expired) {
			w->standby = NULL;
			fix_standby_ok(&w->f, req->server, 3600);
		}
		break;

	case FREE:
		break;
	}

	req->kind = FREE;
	act(w);
}


static void register_expired(struct world *w, const struct request *req)
{
	if (req == w->pending) {
		w->pending = NULL;
		fix_failed(&w->f, w->f.p.target);
	}
	else if (req->registered) {
		send(w, DEREGISTER, req->server);
	}
}


static void expired(struct world *w, struct request *req)
{
	req->expires = NEVER;

	if (req->kind == REGISTER) {
		register_expired(w, req);
	}
	else if (req->kind == DEREGISTER) {
		fix_deregistered(&w->f);
	}
	else if (req == w->renewal) {
		renewal_ended(w, req, false);
	}
	else if (req == w->check) {
		w->check = NULL;
		fix_probed(&w->f, false);
	}
	else if (req == w->standby) {
		w->standby = NULL;
		fix_standby_failed(&w->f, req->server);
	}

	act(w);
}


static uint64_t due(const struct request *req)
{
	uint64_t when = req->heard_at;

	if (req->answer_at < when)
		when = req->answer_at;
	if (req->expires < when)
		when = req->expires;

	return when;
}


static struct request *next_request(struct world *w)
{
	struct request *next = NULL;

	for (unsigned i = 0; i < REQUESTS; i++) {

		struct request *req = &w->reqv[i];

		if (req->kind != FREE && due(req) != NEVER &&
		    (!next || due(req) < due(next)))
			next = req;
	}

	return next;
}


/* One step, not beyond a time; false if there is none */
static bool step(struct world *w, uint64_t end)
{
	struct request *req = next_request(w);
	uint64_t when = req ? due(req) : NEVER, wake;

	if (policy_next(&w->f.p, &wake) && wake < when && wake < end) {
		w->f.rnd = draw(w, UINT32_MAX);
		fix_wait(&w->f);
		act(w);
		return true;
	}

	if (when >= end)
		return false;

	w->f.now = when > w->f.now ? when : w->f.now;

	if (when == req->heard_at)
		heard(w, req);
	else if (when == req->answer_at)
		answered(w, req);
	else
		expired(w, req);

	return true;
}


static bool quiet(const struct world *w)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (w->reqv[i].kind != FREE)
			return false;
	}

	return w->f.p.state == POLICY_SETTLED;
}


static void resume(struct world *w, unsigned server)
{
	w->stopped[server - 1] = false;

	for (unsigned i = 0; i < REQUESTS; i++) {

		struct request *req = &w->reqv[i];

		if (req->kind != FREE && req->server == server &&
		    req->heard_at == NEVER && req->answer_at == NEVER)
			req->heard_at = later(w);
	}
}


static void happen(struct world *w)
{
	const unsigned server = 1 + draw(w, SERVERS);

	switch (draw(w, 6)) {

	case 0:
		w->stopped[server - 1] = true;
		break;

	case 1:
	case 2:
		resume(w, server);
		break;

	case 3:
		fix_switch(&w->f, server);
		act(w);
		break;

	case 4:
		move(w, policy_registering(&w->f.p, w->f.now));
		break;

	default:
		if (w->registered && !w->pending)
			send_register(w);
		break;
	}
}


static void must_be_bound(const struct world *w, unsigned run)
{
	const struct policy *p = &w->f.p;

	if (!quiet(w) || w->refused)
		return;

	if (!w->bound || !w->bound_at[p->target - 1])
		fail_msg("run %u: at rest on server %u, not in the table",
			 run, p->target);

	if (p->standby && p->waitv[WAIT_STANDBY] > w->f.now &&
	    !w->bound_at[p->standby - 1])
		fail_msg("run %u: server %u stands by without a binding",
			 run, p->standby);
}


static void live(struct world *w, unsigned run)
{
	for (unsigned i = 0; i < EVENTS; i++) {

		const uint64_t end = w->f.now + draw(w, EVENT_MS);

		while (step(w, end))
			must_be_bound(w, run);

		w->f.now = end;
		happen(w);
	}
}


/* All servers are well again */
static void rest(struct world *w, unsigned run)
{
	const uint64_t end = w->f.now + PATIENCE_MS;

	for (unsigned i = 1; i <= SERVERS; i++)
		resume(w, i);

	while (!quiet(w) && step(w, end))
		must_be_bound(w, run);

	must_be_bound(w, run);

	if (!quiet(w))
		fail_msg("run %u: no rest", run);
}


static void binding_is_never_lost(void **state)
{
	struct world *w = test_malloc(sizeof(*w));
	(void)state;

	for (unsigned run = 1; run <= RUNS; run++) {

		memset(w, 0, sizeof(*w));
		w->seed  = run * 2654435761u;
		w->f.now = 1000000;
		settings_init(&w->f.set);
		w->f.set.failback = draw(w, 2);
		w->f.set.failback_interval_s = 60;
		w->f.set.fall = 1 + draw(w, 2);
		w->f.set.standby = draw(w, 2);
		fix_servers(&w->f, SERVERS);

		move(w, policy_registering(&w->f.p, w->f.now));
		live(w, run);
		rest(w, run);
	}

	test_free(w);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(binding_is_never_lost),
	};

	return cmocka_run_group_tests_name("world", testv, NULL, NULL);
}
