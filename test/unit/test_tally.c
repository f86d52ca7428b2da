/**
 * @file test_tally.c  What is counted for /metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "policy.h"
#include "tally.h"

/** An account with two servers, at a time */
struct world {
	struct settings set;
	struct policy p;
	struct tally t;
	struct tally_recoveries before;
	uint64_t now;
};


static void take(struct world *w, const struct decision *d)
{
	tally_decision(&w->t, &w->p, d, w->now, 1000);
}


static void begin(struct world *w)
{
	struct decision d = {0};

	memset(w, 0, sizeof(*w));
	settings_init(&w->set);
	w->now = 5000;
	w->before = *tally_recoveries();
	policy_init(&w->p, &w->set, 2, w->now);
	(void)policy_registering(&w->p, w->now);
	policy_registered(&w->p, w->now, 0, "200 OK", &d);
	take(w, &d);
}


static void give_up(struct world *w, uint64_t since, const char *reason)
{
	struct decision d = {0};

	policy_failed(&w->p, w->p.target, since, w->now, 0, reason, &d);
	take(w, &d);
}


static void registered(struct world *w)
{
	struct decision d = {0};

	policy_registered(&w->p, w->now, 0, "200 OK", &d);
	take(w, &d);
}


static unsigned recoveries(const struct world *w)
{
	return tally_recoveries()->count - w->before.count;
}


static void test_recovery(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	assert_int_equal(1, w.t.active);
	assert_int_equal(0, w.t.switched);

	w.now += 10000;
	give_up(&w, w.now - 3500, "REGISTER not answered, sent 3 times");
	assert_int_equal(1, w.t.failurev[0][TALLY_TIMEOUT]);
	assert_int_equal(1000, w.t.switched);
	assert_int_equal(0, recoveries(&w));

	w.now += 100;
	registered(&w);
	assert_int_equal(1, recoveries(&w));
	assert_int_equal(3600,
			 tally_recoveries()->sum_ms - w.before.sum_ms);
	assert_int_equal(1, tally_recoveries()->bucketv[4] -
			 w.before.bucketv[4]);

	/* and no second time */
	registered(&w);
	assert_int_equal(1, recoveries(&w));
}


static void test_active_time(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	w.now += 10000;
	assert_int_equal(10000, tally_active_ms(&w.t, 1, w.now));
	assert_int_equal(0, tally_active_ms(&w.t, 2, w.now));

	give_up(&w, w.now, "503 Service Unavailable");
	registered(&w);
	w.now += 2000;
	assert_int_equal(10000, tally_active_ms(&w.t, 1, w.now));
	assert_int_equal(2000, tally_active_ms(&w.t, 2, w.now));
}


/* All have failed: the recovery began with the first that did */
static void test_exhausted(void **state)
{
	struct world w;
	uint64_t begun;
	(void)state;

	begin(&w);
	begun = w.now;
	give_up(&w, begun, "connection lost");
	w.now += 32000;
	give_up(&w, w.now - 32000, "ICMP port unreachable");
	assert_int_equal(POLICY_DOWN, w.p.state);
	assert_int_equal(1, w.t.failurev[0][TALLY_CONNECTION]);
	assert_int_equal(1, w.t.failurev[1][TALLY_UNREACHABLE]);
	assert_int_equal(0, recoveries(&w));

	assert_true(policy_next(&w.p, &w.now));
	policy_tick(&w.p, w.now, 0, &(struct decision){0});
	w.now += 50;
	registered(&w);
	assert_int_equal(1, recoveries(&w));
	assert_int_equal(w.now - begun,
			 tally_recoveries()->sum_ms - w.before.sum_ms);
}


static void test_order(void **state)
{
	struct decision d = {0};
	struct world w;
	(void)state;

	begin(&w);
	policy_switch(&w.p, 2, w.now, &d);
	take(&w, &d);
	registered(&w);
	assert_int_equal(0, recoveries(&w));
	assert_int_equal(1000, w.t.switched);

	for (unsigned c = 0; c < TALLY_CAUSES; c++)
		assert_int_equal(0, w.t.failurev[0][c]);
}


static void test_causes(void **state)
{
	static const struct {
		const char *reason;
		enum tally_cause cause;
	} casev[] = {
		{"503 Service Unavailable", TALLY_STATUS},
		{"INVITE: 503 Service Unavailable", TALLY_STATUS},
		{"OPTIONS: 500 certificate not answered", TALLY_STATUS},
		{"INVITE not answered, sent 2 times in 1.5 s", TALLY_TIMEOUT},
		{"REGISTER could not be sent in 7.5 s", TALLY_TIMEOUT},
		{"Connection timed out", TALLY_TIMEOUT},
		{"Connection refused", TALLY_CONNECTION},
		{"connection lost", TALLY_CONNECTION},
		{"ICMP port unreachable", TALLY_UNREACHABLE},
		{"No route to host", TALLY_UNREACHABLE},
		{"Network is unreachable", TALLY_UNREACHABLE},
		{"certificate has expired", TALLY_TLS},
		{"TLS handshake failed: wrong version", TALLY_TLS},
		{"pbx1.example.com does not resolve", TALLY_DNS},
		{"pigs might fly", TALLY_OTHER},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(casev) / sizeof(casev[0]); i++) {

		struct world w;

		begin(&w);
		give_up(&w, w.now, casev[i].reason);
		if (w.t.failurev[0][casev[i].cause] != 1)
			fail_msg("%s", casev[i].reason);
	}
}


static void test_names(void **state)
{
	(void)state;

	assert_string_equal("timeout", tally_causename(TALLY_TIMEOUT));
	assert_string_equal("other", tally_causename(TALLY_OTHER));
	assert_string_equal("0.1", tally_limitname(0));
	assert_string_equal("40", tally_limitname(TALLY_BUCKETS - 1));
}


int main(void)
{
	static const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_active_time),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
