/**
 * @file test_grant.c  What a 2xx to REGISTER means, and old Contacts
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "contact.h"
#include "glance.h"
#include "grant.h"
#include "line.h"
#include "request.h"
#include "txn.h"


#define CONTACT "sip:alice-1@192.0.2.1:5060"
#define TCP     ";transport=tcp"

enum {
	ASKED_S = 3600,
	CONTACTS = 16,               /**< That are kept in mind              */
};

/** What libre of this version knows a Contact by */
#define BY_ADDRESS (FAILOVER_LIBRE >= 210)


/*
 * What contact.c calls
 */

const char *ua_local_cuser(const struct ua *ua)
{
	(void)ua;
	return "alice-1";
}


int request_deregister(struct request **reqp, struct line *line,
		       unsigned server, const char *contact, request_h *h,
		       void *arg)
{
	(void)reqp;
	(void)line;
	(void)server;
	(void)contact;
	(void)h;
	(void)arg;
	return 0;
}


bool txn_is_deregistering(const struct line *line)
{
	(void)line;
	return false;
}


static struct sip_msg *decoded(const char *start, const char *hdrs)
{
	struct mbuf *mb = mbuf_alloc(4096);
	struct sip_msg *msg = NULL;

	assert_non_null(mb);
	assert_int_equal(mbuf_printf(mb, "%s\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: 1\r\nCSeq: 1 REGISTER\r\n%s"
		"Content-Length: 0\r\n\r\n", start, hdrs), 0);
	mb->pos = 0;
	assert_int_equal(sip_msg_decode(&msg, mb), 0);
	mem_deref(mb);

	return msg;
}


static struct grant granted_late(const char *contact, uint32_t asked_s,
				 const char *hdrs, uint64_t took_ms)
{
	const struct grant_asked asked = {
		.cuser   = "alice-1",
		.contact = contact,
		.expires = asked_s,
		.rwait   = 90,
		.took_ms = took_ms,
	};
	struct sip_msg *msg = decoded("SIP/2.0 200 OK", hdrs);
	struct grant grant;

	grant_decode(&grant, msg, &asked);
	mem_deref(msg);

	return grant;
}


static struct grant granted(const char *contact, uint32_t asked_s,
			    const char *hdrs)
{
	return granted_late(contact, asked_s, hdrs, 0);
}


/* Granted time and libre's refresh, in seconds */
static void is(const char *hdrs, uint32_t lapse_s, uint32_t libre_s)
{
	const struct grant grant = granted(CONTACT, ASKED_S, hdrs);

	assert_int_equal(grant.lapse_ms, lapse_s * 1000ull);
	assert_int_equal(grant.refresh_ms, libre_s * 900ull);
	assert_false(grant.useless);
}


static void the_contact_as_sent(void **state)
{
	(void)state;

	is("Contact: <" CONTACT ">;expires=20\r\n", 20, 20);
	is("Contact: <" CONTACT ">\r\nExpires: 20\r\n", 20, 20);
	is("Contact: <" CONTACT ">;expires=20\r\nExpires: 9\r\n", 20, 20);
	is("Contact: <sip:bob@192.0.2.9>;expires=5, <" CONTACT ">;expires=20"
	   "\r\n", 20, 20);
	is("Contact: <" CONTACT ">;expires=7200\r\n", 7200, 7200);
}


static void another_address(void **state)
{
	(void)state;

	is("Contact: <sip:alice-1@192.0.2.7:40123>;expires=20\r\n", 20,
	   ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7:40123>\r\nExpires: 20\r\n", 20,
	   ASKED_S);
	is("Expires: 20\r\n", 20, ASKED_S);
	is("Contact: *\r\nExpires: 20\r\n", 20, ASKED_S);
	is("", ASKED_S, ASKED_S);
}


/* The only binding is ours, whatever its user; of several none may be */
static void another_user(void **state)
{
	(void)state;

	is("Contact: <sip:x-9@192.0.2.7:40123>;expires=20\r\n", 20, ASKED_S);
	is("Contact: <sip:x-9@192.0.2.7>;expires=20\r\nExpires: 60\r\n", 20,
	   ASKED_S);
	is("Contact: <sip:x-9@192.0.2.7>;expires=0\r\n", ASKED_S, ASKED_S);
	is("Contact: <sip:x-9@192.0.2.7>;expires=20, "
	   "<sip:x-8@192.0.2.8>;expires=30\r\n", ASKED_S, ASKED_S);
	is("Contact: <sip:x-9@192.0.2.7>;expires=20, "
	   "<sip:x-8@192.0.2.8>;expires=0\r\nExpires: 60\r\n", 60, ASKED_S);
}


/* What libre does not look at, as it does not know the Contact, must not be
   worse for us than for libre */
static void number_in_another_form(void **state)
{
	(void)state;

	is("Contact: <" CONTACT ">;expires=\"20\"\r\n", 20, 20);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=\"20\"\r\n", 20, ASKED_S);
	is("Contact: <SIP:alice-1@192.0.2.7>;Expires=20\r\n", 20, ASKED_S);
	is("Contact: sip:alice-1@192.0.2.7;expires=20\r\n", 20, ASKED_S);
	is("Contact: \"A\" <sip:alice-1@192.0.2.7>;q=1;expires=20;a=\"b;c\""
	   "\r\n", 20, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=soon\r\n", ASKED_S,
	   ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=-1\r\nExpires: 20\r\n",
	   20, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=\"\"\r\n", ASKED_S,
	   ASKED_S);
	is("Expires: soon\r\n", ASKED_S, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=4294967296\r\n",
	   UINT32_MAX, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.7>;expires=99999999999999999999"
	   "\r\n", UINT32_MAX, ASKED_S);
}


static void address_as_sent_and_not_the_rest(void **state)
{
	(void)state;

	is("Contact: <" CONTACT ";ob>;expires=20\r\n", 20,
	   BY_ADDRESS ? 20 : ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.1:9>;expires=20\r\n", 20,
	   BY_ADDRESS ? 20 : ASKED_S);
	is("Contact: <" CONTACT TCP ">;expires=20\r\n", 20, ASKED_S);
}


/* Another phone's, or one that this phone had before */
static void the_best_of_several(void **state)
{
	(void)state;

	is("Contact: <sip:alice-1@192.0.2.8>;expires=9\r\n"
	   "Contact: <" CONTACT ";ob>;expires=20\r\n", 20,
	   BY_ADDRESS ? 20 : ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.8>;expires=9, "
	   "<sip:alice-1@192.0.2.7>;expires=20\r\n", 9, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.8>;expires=0, "
	   "<sip:alice-1@192.0.2.7>;expires=20\r\n", 20, ASKED_S);
	is("Contact: <sip:alice-1@192.0.2.8>;expires=9, "
	   "<" CONTACT ">\r\nExpires: 20\r\n", 20, 20);
}


/* libre takes its default for what was granted */
static void nothing_is_said(void **state)
{
	const struct grant grant = granted(CONTACT, 10, "Contact: <" CONTACT
					   ">\r\n");
	(void)state;

	assert_int_equal(grant.lapse_ms, 10000);
	assert_int_equal(grant.refresh_ms, 3240000);
}


static bool useless(const char *hdrs)
{
	return granted(CONTACT, ASKED_S, hdrs).useless;
}


static void nothing_is_granted(void **state)
{
	(void)state;

	assert_true(useless("Contact: <" CONTACT ">;expires=0\r\n"));
	assert_true(useless("Contact: <" CONTACT ">;expires=x\r\n"));
	assert_true(useless("Contact: <" CONTACT ">\r\nExpires: x\r\n"));
	assert_true(useless("Contact: <" CONTACT ">\r\nExpires: 0\r\n"));
	assert_true(useless("Contact: <sip:alice-1@192.0.2.7>;expires=0\r\n"));
	assert_true(useless("Expires: 0\r\n"));
	assert_false(useless("Contact: <" CONTACT ">;expires=1\r\n"));
}


/* libre's milliseconds have 32 bits */
static void more_than_libre_can_count(void **state)
{
	(void)state;

	assert_true(useless("Contact: <" CONTACT ">;expires=1073741824\r\n"));
	assert_true(useless("Contact: <" CONTACT ">;expires=4772186\r\n"));
	assert_false(useless("Contact: <" CONTACT ">;expires=4772185\r\n"));
	assert_false(useless("Contact: <" CONTACT ">;expires=4294967295\r\n"));
}


static void sent(struct line *line, unsigned port, bool in_use)
{
	struct glance g = {0};
	char contact[128];

	(void)re_snprintf(contact, sizeof(contact), "<sip:alice-1@192.0.2.1"
			  ":%u>;expires=60", port);
	pl_set_str(&g.contact, contact);
	contact_sent(line, &g, in_use);
}


/* Is one that the registrar lists known to be ours? */
static bool is_known(struct line *line, unsigned port)
{
	struct sip_msg *msg;
	char hdrs[128];

	(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: <sip:alice-1@192.0.2.1"
			  ":%u>;expires=60\r\n", port);
	msg = decoded("SIP/2.0 200 OK", hdrs);
	contact_listed(line, msg);
	mem_deref(msg);

	return line->stale_contact != NULL;
}


/* The binding was made when the REGISTER came, not when its answer did */
static void slow_answer(void **state)
{
	const char *hdrs = "Contact: <" CONTACT ">;expires=30\r\n";
	struct grant grant;
	(void)state;

	grant = granted_late(CONTACT, ASKED_S, hdrs, 6000);
	assert_int_equal(grant.lapse_ms, 24000);
	assert_int_equal(grant.refresh_ms, 27000);
	assert_false(grant.useless);

	/* it may also have waited in a socket all that time */
	grant = granted_late(CONTACT, ASKED_S, hdrs, 40000);
	assert_int_equal(grant.lapse_ms, 15000);
	assert_false(grant.useless);
}


static void oldest_contact_is_forgotten(void **state)
{
	struct line *line = mem_zalloc(sizeof(*line), NULL);
	(void)state;

	assert_non_null(line);
	sent(line, 1000, true);

	/* failback checks, each over a connection of its own */
	for (unsigned i = 1; i < CONTACTS; i++)
		sent(line, 1000 + i, false);

	assert_true(is_known(line, 1001));
	sent(line, 2000, false);
	assert_false(is_known(line, 1001));
	assert_true(is_known(line, 1002));
	assert_true(is_known(line, 2000));
	assert_string_equal(contact_in_use(line), "sip:alice-1@192.0.2.1:1000");

	/* one that is sent again is not old */
	sent(line, 1002, false);
	sent(line, 2001, false);
	assert_true(is_known(line, 1002));
	assert_false(is_known(line, 1003));

	/* what was in use is the newest of the others */
	sent(line, 2002, true);
	assert_true(is_known(line, 1000));
	assert_string_equal(contact_in_use(line), "sip:alice-1@192.0.2.1:2002");

	list_flush(&line->contactl);
	mem_deref(line->stale_contact);
	mem_deref(line->contact_params);
	mem_deref(line->contact_sent);
	mem_deref(line);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(the_contact_as_sent),
		cmocka_unit_test(another_address),
		cmocka_unit_test(another_user),
		cmocka_unit_test(number_in_another_form),
		cmocka_unit_test(address_as_sent_and_not_the_rest),
		cmocka_unit_test(the_best_of_several),
		cmocka_unit_test(nothing_is_said),
		cmocka_unit_test(nothing_is_granted),
		cmocka_unit_test(more_than_libre_can_count),
		cmocka_unit_test(slow_answer),
		cmocka_unit_test(oldest_contact_is_forgotten),
	};

	return cmocka_run_group_tests_name("grant", testv, NULL, NULL);
}
