/**
 * @file fixture.c  An account of a made-up world, with a made-up clock
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "binding.h"
#include "failback.h"
#include "fixture.h"
#include "maintenance.h"
#include "outage.h"
#include "policy.h"
#include "register.h"
#include "settings.h"
#include "standby.h"


enum {
	T0_MS     = 1000000,         /**< The clock need not begin at zero   */
	ANSWER_MS = 20,              /**< A server's time to answer          */
};


static struct decision *clear(struct fix *f)
{
	memset(&f->d, 0, sizeof(f->d));

	return &f->d;
}


/* Default settings, two servers, nothing sent yet */
int fix_setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	f->now = T0_MS;
	settings_init(&f->set);
	fix_servers(f, 2);

	*state = f;

	return 0;
}


int fix_teardown(void **state)
{
	test_free(*state);

	return 0;
}


void fix_servers(struct fix *f, unsigned serverc)
{
	policy_init(&f->p, &f->set, serverc, f->now);
	clear(f);
}


/* Baresip registers the account; its REGISTER goes out at once */
unsigned fix_start(struct fix *f)
{
	unsigned server;

	clear(f);
	server = policy_registering(&f->p, f->now);
	register_sent(&f->p, server, f->now);

	return server;
}


/* Registered with a server, all before it having failed */
void fix_settle(struct fix *f, unsigned server)
{
	fix_start(f);

	while (f->p.target != server)
		fix_failed(f, f->p.target);

	f->now += ANSWER_MS;
	fix_ok(f);
}


/* All servers have failed */
void fix_down(struct fix *f)
{
	fix_start(f);

	while (f->p.state == POLICY_MOVING)
		fix_failed(f, f->p.target);
}


void fix_ok(struct fix *f)
{
	register_answered(&f->p, f->p.target);
	policy_registered(&f->p, f->now, f->rnd, "200 OK", clear(f));
}


/* The binding lapses, and libre would refresh it, after these times */
void fix_granted(struct fix *f, uint64_t lapse_ms, uint64_t refresh_ms)
{
	const struct grant grant = {
		.lapse_ms   = lapse_ms,
		.refresh_ms = refresh_ms,
	};

	clear(f);
	binding_granted(&f->p, &grant, f->now);
}


void fix_refused(struct fix *f)
{
	clear(f);
	register_answered(&f->p, f->p.target);
	policy_refused(&f->p, f->now, f->rnd, "403 Forbidden");
}


void fix_resent(struct fix *f, unsigned server)
{
	clear(f);
	if (policy_resent(&f->p, server, f->now))
		policy_time_is_up(&f->p, f->now, f->rnd, &f->d);
}


/* A request sent just now has failed */
enum verdict fix_failed(struct fix *f, unsigned server)
{
	return policy_failed(&f->p, server, f->now, f->now, f->rnd,
			     "503 Service Unavailable", clear(f));
}


void fix_probed(struct fix *f, bool good)
{
	const struct outcome o = {
		.ok     = good,
		.alive  = good,
		.reason = good ? "200 OK" : "Connection timed out",
	};

	failback_probed(&f->p, f->p.probing, &o, f->now, f->rnd, clear(f));
}


void fix_deregistered(struct fix *f)
{
	policy_deregistered(&f->p, clear(f));
}


void fix_renewed(struct fix *f, bool ok, unsigned deregs)
{
	const struct outcome o = { .ok = ok, .alive = true };

	binding_renewed(&f->p, &o, deregs, f->now, clear(f));
}


void fix_standby_ok(struct fix *f, unsigned server, uint32_t expires_s)
{
	clear(f);
	standby_ok(&f->p, server, (uint64_t)expires_s * 1000, f->now,
		   f->rnd, "200 OK");
}


/* Registered with the first server, and the second stands by */
void fix_stand_by(struct fix *f, unsigned serverc)
{
	f->set.standby = 1;
	fix_servers(f, serverc);
	fix_settle(f, 1);
	fix_wait(f);
	fix_standby_ok(f, 2, 3600);
}


void fix_standby_failed(struct fix *f, unsigned server)
{
	standby_failed(&f->p, server, false, f->now, f->rnd,
		       "Connection timed out", clear(f));
}


void fix_network_lost(struct fix *f)
{
	clear(f);
	outage_begin(&f->p, f->now, f->rnd);
}


void fix_woke(struct fix *f)
{
	outage_woke(&f->p, f->now, clear(f));
}


void fix_network_back(struct fix *f)
{
	outage_end(&f->p, f->now, clear(f));
}


void fix_switch(struct fix *f, unsigned to)
{
	policy_switch(&f->p, to, f->now, clear(f));
}


bool fix_probe(struct fix *f)
{
	return failback_probe(&f->p, f->now, clear(f));
}


bool fix_maintenance(struct fix *f, unsigned server, bool on)
{
	return maintenance_set(&f->p, server, on, f->now, f->rnd, clear(f));
}


void fix_tick(struct fix *f)
{
	policy_tick(&f->p, f->now, f->rnd, clear(f));
}


/* Sleep until the policy wants to be woken, and wake it; returns the time
   slept */
uint64_t fix_wait(struct fix *f)
{
	const uint64_t before = f->now;
	uint64_t when;

	assert_true(policy_next(&f->p, &when));

	if (when > f->now)
		f->now = when;

	fix_tick(f);

	return f->now - before;
}


void fix_is(const struct fix *f, enum policy_state state, unsigned target)
{
	assert_int_equal(f->p.state, state);
	assert_int_equal(f->p.target, target);
}


void fix_decided_nothing(const struct fix *f)
{
	assert_int_equal(f->d.tell, TELL_NOTHING);
	assert_int_equal(f->d.register_with, 0);
	assert_int_equal(f->d.probe, 0);
	assert_false(f->d.keepalive);
	assert_false(f->d.renew);
	assert_int_equal(f->d.standby, 0);
}


/* The target stays silent until it is given up */
uint64_t fix_silence(struct fix *f)
{
	uint64_t ms;

	ms = fix_wait(f);
	assert_true(f->d.register_with || f->d.tell == TELL_EXHAUSTED);

	return ms;
}


void fix_switched(const struct fix *f, unsigned from, unsigned to)
{
	assert_int_equal(f->d.tell, TELL_SWITCH);
	assert_int_equal(f->d.from, from);
	assert_int_equal(f->d.to, to);
	assert_int_equal(f->d.register_with, to);
	fix_is(f, POLICY_MOVING, to);
}
