/**
 * @file fixture.h  An account of a made-up world, with a made-up clock
 *
 * Every call clears the decision, hands the evidence on and leaves what was
 * decided in `d`.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "schedule.h"
#include "settings.h"
#include "state.h"

/** A test that is given a fixture of its own */
#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, \
						   fix_teardown)

struct fix {
	struct settings set;
	struct policy p;
	struct decision d;           /**< Latest                             */
	uint64_t now;                /**< [ms]                               */
	uint32_t rnd;                /**< Handed to every call               */
};

int fix_setup(void **state);
int fix_teardown(void **state);

/* The way there */
void fix_servers(struct fix *f, unsigned serverc);
unsigned fix_start(struct fix *f);
void fix_settle(struct fix *f, unsigned server);
void fix_down(struct fix *f);

/* Evidence */
void fix_ok(struct fix *f);
void fix_granted(struct fix *f, uint64_t lapse_ms, uint64_t refresh_ms);
void fix_refused(struct fix *f);
void fix_resent(struct fix *f, unsigned server);
enum verdict fix_failed(struct fix *f, unsigned server);
void fix_probed(struct fix *f, bool good);
void fix_deregistered(struct fix *f);
void fix_renewed(struct fix *f, bool ok, unsigned deregs);
void fix_stand_by(struct fix *f, unsigned serverc);
void fix_standby_ok(struct fix *f, unsigned server, uint32_t expires_s);
void fix_standby_failed(struct fix *f, unsigned server);
void fix_network_lost(struct fix *f);
void fix_network_back(struct fix *f);
void fix_woke(struct fix *f);

/* Orders */
void fix_switch(struct fix *f, unsigned to);
bool fix_probe(struct fix *f);
bool fix_maintenance(struct fix *f, unsigned server, bool on);

/* Time */
void fix_tick(struct fix *f);
uint64_t fix_wait(struct fix *f);
uint64_t fix_silence(struct fix *f);

/* Checks */
void fix_is(const struct fix *f, enum policy_state state, unsigned target);
void fix_switched(const struct fix *f, unsigned from, unsigned to);
void fix_decided_nothing(const struct fix *f);

#endif
