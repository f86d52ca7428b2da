/**
 * @file test_srv.c  The order of SRV records, RFC 2782
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "srv.h"


enum {
	PHONES = 10000,
};

static const struct srv weighted[] = {
	{ 10, 10, 5060, "c.example.com" },
	{ 10, 60, 5060, "a.example.com" },
	{ 10, 30, 5060, "b.example.com" },
};


/* That of phone number i, with seeds that have nothing in common */
static uint64_t seed(unsigned i)
{
	char aor[64];

	(void)snprintf(aor, sizeof(aor), "sip:phone%u@example.com", i);

	return srv_seed(0, aor);
}


static void is(const struct srv *v, size_t n, const char *hosts)
{
	assert_int_equal(n, strlen(hosts));

	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i].host[0], hosts[i]);
}


static void lowest_priority_first(void **state)
{
	(void)state;

	for (unsigned i = 0; i < 100; i++) {

		struct srv v[] = {
			{ 30, 100, 5060, "c" },
			{ 10, 0,   5060, "a" },
			{ 20, 999, 5060, "b" },
		};

		assert_int_equal(srv_order(v, 3, seed(i)), 3);
		is(v, 3, "abc");
	}
}


/* Also the second place: once the first is taken, b has 30 of 40 */
static void a_fleet_spreads_as_the_weights_say(void **state)
{
	unsigned first[3] = {0}, second = 0;
	(void)state;

	for (unsigned i = 0; i < PHONES; i++) {

		struct srv v[3];

		memcpy(v, weighted, sizeof(v));
		assert_int_equal(srv_order(v, 3, seed(i)), 3);

		++first[v[0].host[0] - 'a'];
		second += v[0].host[0] == 'a' && v[1].host[0] == 'b';
	}

	print_message("of %d: %u %u %u; b second to a: %u\n", PHONES,
		      first[0], first[1], first[2], second);

	assert_in_range(first[0], PHONES * 58 / 100, PHONES * 62 / 100);
	assert_in_range(first[1], PHONES * 28 / 100, PHONES * 32 / 100);
	assert_in_range(first[2], PHONES * 8 / 100, PHONES * 12 / 100);
	assert_in_range(second, first[0] * 73 / 100, first[0] * 77 / 100);
}


static void the_lot_stays(void **state)
{
	(void)state;

	for (unsigned i = 0; i < 1000; i++) {

		struct srv all[3], less[2];

		memcpy(all, weighted, sizeof(all));
		(void)srv_order(all, 3, seed(i));

		for (unsigned gone = 0; gone < 3; gone++) {

			/* in another order, as name servers like it */
			less[0] = all[gone == 2 ? 1 : 2];
			less[1] = all[gone == 0 ? 1 : 0];
			(void)srv_order(less, 2, seed(i));

			assert_string_equal(less[0].host,
					    all[gone == 0 ? 1 : 0].host);
		}
	}
}


static void weight_0_is_last_in_its_priority(void **state)
{
	unsigned b = 0;
	(void)state;

	for (unsigned i = 0; i < PHONES; i++) {

		struct srv v[] = {
			{ 10, 0, 5060, "b" },
			{ 10, 0, 5060, "c" },
			{ 10, 1, 5060, "a" },
			{ 20, 1, 5060, "d" },
		};

		assert_int_equal(srv_order(v, 4, seed(i)), 4);
		assert_int_equal(v[0].host[0], 'a');
		assert_int_equal(v[3].host[0], 'd');
		b += v[1].host[0] == 'b';
	}

	assert_in_range(b, PHONES * 48 / 100, PHONES * 52 / 100);
}


static void what_is_no_server(void **state)
{
	struct srv none[] = { { 0, 0, 0, "." } };
	struct srv bad[] = {
		{ 10, 0, 5060, "" },
		{ 10, 0, 5060, "." },
		{ 10, 0, 0,    "a" },
		{ 10, 0, 5060, "a;maddr=1.2.3.4" },
		{ 10, 0, 5060, "a\r\nX: y" },
		{ 10, 0, 5060, "a b" },
		{ 20, 0, 5060, "Good" },
		{ 10, 0, 5060, "good" },
		{ 30, 0, 5061, "good" },
	};
	(void)state;

	assert_int_equal(srv_order(none, 1, 1), 0);
	assert_int_equal(srv_order(NULL, 0, 1), 0);
	assert_int_equal(srv_order(bad, 9, 1), 2);
	assert_int_equal(bad[0].priority, 10);
	assert_int_equal(bad[1].port, 5061);
}


static void case_does_not_matter(void **state)
{
	(void)state;

	assert_true(srv_seed(7, "Example.COM") == srv_seed(7, "example.com"));
	assert_false(srv_seed(7, "a") == srv_seed(8, "a"));
	assert_false(srv_seed(7, "a") == srv_seed(7, "b"));
}


static void more_than_are_looked_at(void **state)
{
	struct srv v[SRV_MAX + 1];
	(void)state;

	for (unsigned i = 0; i <= SRV_MAX; i++) {
		v[i] = (struct srv) { .priority = 1, .port = 5060 };
		(void)snprintf(v[i].host, sizeof(v[i].host), "h%u", i);
	}

	assert_int_equal(srv_order(v, SRV_MAX + 1, 1), SRV_MAX);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(lowest_priority_first),
		cmocka_unit_test(a_fleet_spreads_as_the_weights_say),
		cmocka_unit_test(the_lot_stays),
		cmocka_unit_test(weight_0_is_last_in_its_priority),
		cmocka_unit_test(what_is_no_server),
		cmocka_unit_test(case_does_not_matter),
		cmocka_unit_test(more_than_are_looked_at),
	};

	return cmocka_run_group_tests_name("srv", testv, NULL, NULL);
}
