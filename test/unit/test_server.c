/**
 * @file test_server.c  What is known of a server and of its addresses
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "fixture.h"
#include "compat.h"
#include "server.h"
#include "target.h"


enum {
	T0_MS     = 1000000,
	MINUTE_MS = 60 * 1000,
};

static const char ONE[] = "192.0.2.1", TWO[] = "192.0.2.2",
	THREE[] = "2001:db8::3";


static struct server decoded(const char *uri)
{
	struct server srv;
	struct pl pl;

	pl_set_str(&pl, uri);
	assert_int_equal(server_decode(&srv, &pl), 0);

	return srv;
}


/* RFC 1123 section 2.1 */
static void host_has_a_limit(void **state)
{
	char uri[4 + 256 + 1] = "sip:";
	struct server srv;
	struct pl pl;
	(void)state;

	memset(uri + 4, 'a', 256);
	pl_set_str(&pl, uri);

	assert_int_equal(server_decode(&srv, &pl), ENAMETOOLONG);
	server_reset(&srv);

	--pl.l;
	assert_int_equal(server_decode(&srv, &pl), 0);
	server_reset(&srv);
}


static struct sa at(const char *addr)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, 5060), 0);

	return sa;
}


static bool same(const char *uri_a, const char *uri_b)
{
	struct server a = decoded(uri_a), b = decoded(uri_b);
	const bool is_same = server_equal(&a, &b);

	server_reset(&a);
	server_reset(&b);

	return is_same;
}


/* A name that stands for all three */
static struct server named(void)
{
	struct server srv = decoded("sip:pbx.example.com");
	const struct sa addrv[] = { at(ONE), at(TWO), at(ONE), at(THREE) };

	target_set(&srv, addrv, RE_ARRAY_SIZE(addrv));
	assert_int_equal(srv.targetc, 3);

	return srv;
}


static void failed(struct server *srv, const char *addr, bool silent,
		   uint64_t now)
{
	const struct sa sa = at(addr);

	target_failed(srv, &sa, silent, now);
}


static bool avoids(const struct server *srv, const char *addr, uint64_t now)
{
	const struct sa sa = at(addr);

	return target_is_avoided(srv, &sa, now);
}


static void spellings_of_one_address(void **state)
{
	(void)state;

	assert_true(same("sip:[::1]", "sip:[0:0:0:0:0:0:0:1]:5060"));
	assert_true(same("sip:[2001:DB8::a]:5070", "sip:[2001:db8::A]:5070"));
	assert_true(same("sip:PBX.example.com", "sip:pbx.example.com:5060"));
	assert_false(same("sip:[::1]", "sip:[::2]"));
	assert_false(same("sip:[::1]", "sip:[::1]:5070"));
	assert_false(same("sip:[::1]", "sip:[::1];transport=tcp"));
	assert_false(same("sip:127.0.0.1", "sip:localhost"));
}


static void names_and_addresses(void **state)
{
	struct server name = decoded("sip:pbx.example.com");
	struct server ip6 = decoded("sip:[2001:db8::3]:5060;transport=tcp");
	const struct sa three = at(THREE);
	(void)state;

	assert_true(server_is_name(&name));
	assert_false(server_is_name(&ip6));
	assert_true(server_is_address(&ip6, SIP_TRANSP_TCP, &three));
	assert_false(server_is_address(&ip6, SIP_TRANSP_UDP, &three));
	assert_false(server_is_address(&name, SIP_TRANSP_TCP, &three));

	server_used(&name, SIP_TRANSP_TCP, &three);
	assert_true(server_is_address(&name, SIP_TRANSP_TCP, &three));
	assert_int_equal(server_transp(&name), SIP_TRANSP_TCP);

	server_reset(&name);
	server_reset(&ip6);
}


static bool names(const char *text, const char *server)
{
	struct server srv = decoded(server);
	struct uri uri;
	struct pl pl;
	bool is_named;

	pl_set_str(&pl, text);
	assert_int_equal(uri_decode(&uri, &pl), 0);
	is_named = server_is_named(&srv, &uri);

	server_reset(&srv);

	return is_named;
}


/* In a Record-Route, that is: by name or address, and its port */
static void routes_that_name_a_server(void **state)
{
	static const char tls[] = "sip:pbx.example.com;transport=tls";
	static const char ip[] = "sip:192.0.2.1;transport=tls";
	(void)state;

	assert_true(names("sip:PBX.example.com;lr", "sip:pbx.example.com"));
	assert_true(names("sip:pbx.example.com:5060;lr",
			  "sip:pbx.example.com"));
	assert_true(names("sip:pbx.example.com:5061;transport=tls;lr", tls));
	assert_true(names("sip:pbx.example.com;transport=tls;lr", tls));
	assert_true(names("sip:pbx.example.com;lr", tls));
	assert_true(names("sip:192.0.2.1;transport=tls;lr", ip));
	assert_true(names("sip:192.0.2.1:5061;lr", ip));
	assert_true(names("sip:192.0.2.1;transport=ws;lr", "sip:192.0.2.1"));

	assert_false(names("sip:pbx.example.com:5070;lr",
			   "sip:pbx.example.com"));
	assert_false(names("sip:pbx.example.com:5060;transport=tls", tls));
	assert_false(names("sip:pbx2.example.com;lr", "sip:pbx.example.com"));
	assert_false(names("sip:192.0.2.1:5060;transport=tls", ip));
	assert_false(names("sip:192.0.2.1", "sip:pbx.example.com"));
}


/* Which Contact a server is given: transport and address family */
static void contact_of_a_name_is_known_once_used(void **state)
{
	struct server srv = decoded("sip:pbx.example.com");
	const struct sa three = at(THREE);
	(void)state;

	assert_false(server_uses(&srv, SIP_TRANSP_UDP, AF_UNSPEC));
	server_used(&srv, SIP_TRANSP_UDP, &three);
	assert_true(server_uses(&srv, SIP_TRANSP_UDP, AF_UNSPEC));
	assert_true(server_uses(&srv, SIP_TRANSP_UDP, AF_INET6));
	assert_false(server_uses(&srv, SIP_TRANSP_UDP, AF_INET));
	assert_false(server_uses(&srv, SIP_TRANSP_TCP, AF_UNSPEC));

	server_reset(&srv);
}


static void closed_address_is_avoided_for_five_minutes(void **state)
{
	struct server srv = named();
	(void)state;

	failed(&srv, ONE, false, T0_MS);
	assert_true(target_is_left(&srv, T0_MS));
	assert_true(avoids(&srv, ONE, T0_MS + 5 * MINUTE_MS - 1));
	assert_false(avoids(&srv, ONE, T0_MS + 5 * MINUTE_MS));
	assert_false(avoids(&srv, TWO, T0_MS));

	server_reset(&srv);
}


static void silent_address_is_avoided_until_it_answers(void **state)
{
	struct server srv = named();
	const struct sa one = at(ONE);
	(void)state;

	failed(&srv, ONE, true, T0_MS);
	assert_true(avoids(&srv, ONE, T0_MS + 1000 * MINUTE_MS));
	target_answered(&srv, &one);
	assert_false(avoids(&srv, ONE, T0_MS));

	server_reset(&srv);
}


static void all_failed_the_oldest_is_asked(void **state)
{
	struct server srv = named();
	(void)state;

	failed(&srv, TWO, false, T0_MS);
	failed(&srv, THREE, true, T0_MS + 1);
	assert_true(target_is_left(&srv, T0_MS + 1));
	failed(&srv, ONE, true, T0_MS + 2);
	assert_false(target_is_left(&srv, T0_MS + 2));

	assert_false(avoids(&srv, TWO, T0_MS + 3));
	assert_true(avoids(&srv, THREE, T0_MS + 3));
	assert_true(avoids(&srv, ONE, T0_MS + 3));

	server_reset(&srv);
}


static void single_address_is_never_avoided(void **state)
{
	struct server srv = decoded("sip:pbx.example.com");
	const struct sa one = at(ONE);
	(void)state;

	failed(&srv, ONE, true, T0_MS);
	assert_false(avoids(&srv, ONE, T0_MS));
	assert_false(target_is_left(&srv, T0_MS));

	target_set(&srv, &one, 1);
	assert_int_equal(srv.targetc, 1);
	failed(&srv, ONE, true, T0_MS);
	assert_false(avoids(&srv, ONE, T0_MS));
	assert_false(target_is_left(&srv, T0_MS));

	server_reset(&srv);
}


/* Over TCP newer versions of libre are not asked for the addresses */
static void address_that_answers_is_known_without_a_lookup(void **state)
{
	struct server srv = decoded("sip:pbx.example.com;transport=tcp");
	const struct sa one = at(ONE), two = at(TWO);
	(void)state;

	failed(&srv, ONE, false, T0_MS);
	assert_false(target_is_left(&srv, T0_MS));

	target_answered(&srv, &two);
	assert_true(target_has(&srv, &two));
	assert_true(target_is_left(&srv, T0_MS));

	failed(&srv, TWO, false, T0_MS + 1);
	assert_false(target_is_left(&srv, T0_MS + 1));

	target_answered(&srv, &one);
	target_answered(&srv, &one);
	assert_int_equal(srv.targetc, 2);

	server_reset(&srv);
}


static void what_is_known_outlives_a_lookup(void **state)
{
	struct server srv = named();
	const struct sa addrv[] = { at(TWO), at(ONE) };
	const struct sa three = at(THREE);
	(void)state;

	failed(&srv, ONE, true, T0_MS);
	target_set(&srv, addrv, RE_ARRAY_SIZE(addrv));
	assert_int_equal(srv.targetc, 2);
	assert_true(avoids(&srv, ONE, T0_MS));
	assert_false(target_has(&srv, &three));

	server_reset(&srv);
}


static void failure_before_the_lookup_ends_counts(void **state)
{
	struct server srv = decoded("sip:pbx.example.com");
	const struct sa addrv[] = { at(ONE), at(TWO) };
	(void)state;

	failed(&srv, ONE, false, T0_MS);
	target_set(&srv, addrv, RE_ARRAY_SIZE(addrv));
	assert_int_equal(srv.targetc, 2);
	assert_true(avoids(&srv, ONE, T0_MS));
	assert_true(target_is_left(&srv, T0_MS));

	server_reset(&srv);
}


static void no_more_than_there_is_room_for(void **state)
{
	struct server srv = decoded("sip:pbx.example.com");
	struct sa addrv[3 * MAX_TARGETS];
	(void)state;

	for (size_t i = 0; i < RE_ARRAY_SIZE(addrv); i++) {
		addrv[i] = at(ONE);
		sa_set_port(&addrv[i], (uint16_t)(5060 + i));
	}
	target_set(&srv, addrv, RE_ARRAY_SIZE(addrv));
	assert_int_equal(srv.targetc, MAX_TARGETS);

	server_reset(&srv);
}


static void errors_in_words(void **state)
{
	struct server name = decoded("sip:pbx.example.com");
	struct server addr = decoded("sip:192.0.2.1");
	char buf[REASON_SIZE], libre[REASON_SIZE];
	(void)state;

	server_describe_error(&name, EDESTADDRREQ, buf, sizeof(buf));
	assert_string_equal(buf, "pbx.example.com does not resolve");
	server_describe_error(&addr, ECONNREFUSED, buf, sizeof(buf));
	(void)re_snprintf(libre, sizeof(libre), "%m", ECONNREFUSED);
	assert_string_equal(buf, libre);

	server_reset(&name);
	server_reset(&addr);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(host_has_a_limit),
		cmocka_unit_test(spellings_of_one_address),
		cmocka_unit_test(names_and_addresses),
		cmocka_unit_test(routes_that_name_a_server),
		cmocka_unit_test(contact_of_a_name_is_known_once_used),
		cmocka_unit_test(closed_address_is_avoided_for_five_minutes),
		cmocka_unit_test(silent_address_is_avoided_until_it_answers),
		cmocka_unit_test(all_failed_the_oldest_is_asked),
		cmocka_unit_test(single_address_is_never_avoided),
		cmocka_unit_test(
			address_that_answers_is_known_without_a_lookup),
		cmocka_unit_test(what_is_known_outlives_a_lookup),
		cmocka_unit_test(failure_before_the_lookup_ends_counts),
		cmocka_unit_test(no_more_than_there_is_room_for),
		cmocka_unit_test(errors_in_words),
	};

	return cmocka_run_group_tests_name("server", testv, NULL, NULL);
}
