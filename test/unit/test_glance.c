/**
 * @file test_glance.c  A glance at a message says what libre's decoder says
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "plain.h"
#include "sent.h"


#define VIA     "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1a2b;rport\r\n"
#define FROM    "From: <sip:alice@example.com>;tag=f1\r\n"
#define TO      "To: <sip:bob@example.com>\r\n"
#define TO_TAG  "To: <sip:bob@example.com>;tag=t1\r\n"
#define CALLID  "Call-ID: 0a1b2c3d\r\n"
#define END     "Content-Length: 0\r\n\r\n"
#define HEAD    VIA FROM TO CALLID
#define OPTIONS "OPTIONS sip:bob@example.com SIP/2.0\r\n"
#define CSEQ    "CSeq: 7 OPTIONS\r\n"

enum {
	MUTATIONS = 200000,
};


static void assert_pl(const struct pl *a, const struct pl *b)
{
	assert_int_equal(a->l, b->l);
	assert_true(!a->l || !memcmp(a->p, b->p, a->l));
}


static void assert_header(const struct pl *val, const struct sip_msg *msg,
			  enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	assert_pl(val, hdr ? &hdr->val : &pl_null);
}


static void assert_same(const struct glance *g, const struct sip_msg *msg)
{
	assert_int_equal(g->req, msg->req);
	assert_pl(&g->met, msg->req ? &msg->met : &msg->cseq.met);
	assert_int_equal(g->scode, msg->scode);
	assert_pl(&g->branch, &msg->via.branch);
	assert_pl(&g->callid, &msg->callid);
	assert_int_equal(g->cseq, msg->cseq.num);
	assert_pl(&g->from, &msg->from.val);
	assert_pl(&g->from_uri, &msg->from.auri);
	assert_pl(&g->from_tag, &msg->from.tag);
	assert_pl(&g->to, &msg->to.val);
	assert_pl(&g->to_tag, &msg->to.tag);
	assert_pl(&g->expires, &msg->expires);
	assert_header(&g->contact, msg, SIP_HDR_CONTACT);
	assert_header(&g->route, msg, SIP_HDR_ROUTE);
}


/* Is it read at a glance? If so, libre says the same, unless it finds fault
   with a part that nobody looks at. */
static bool is_plain(const char *text)
{
	const struct pl pkt = { text, strlen(text) };
	struct sip_msg *msg = sent_decode(&pkt);
	struct glance g;
	const bool plain = glance_read(&g, pkt.p, pkt.l) &&
		glance_parties(&g);

	if (plain && msg)
		assert_same(&g, msg);

	mem_deref(msg);

	return plain;
}


static void what_libre_sends(void **state)
{
	(void)state;

	assert_true(is_plain(OPTIONS HEAD CSEQ END));
	assert_true(is_plain(
		"REGISTER sip:example.com SIP/2.0\r\n" VIA
		"Contact: <sip:alice-0x1@192.0.2.1:5060;transport=tcp>"
		";expires=3600;+sip.instance=\"<urn:uuid:1>\"\r\n"
		"Route: <sip:pbx1.example.com;lr>\r\n"
		"Route: <sip:pbx2.example.com;lr>\r\n"
		"Max-Forwards: 70\r\n" TO FROM CALLID
		"CSeq: 4294967295 REGISTER\r\nExpires: 60\r\n" END));
	assert_true(is_plain("SIP/2.0 200 OK\r\n" VIA TO_TAG FROM CALLID
			     "CSeq: 1 INVITE\r\n" END "v=0\r\n"));
	assert_true(is_plain(OPTIONS VIA TO CALLID CSEQ "From: \"A <x>, B\""
			     " <sip:alice@example.com>;tag=f1\r\n" END));
}


/* RFC 3261 section 7.3 */
static void names_and_blanks(void **state)
{
	(void)state;

	assert_true(is_plain(OPTIONS
			     "v: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
			     "f: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\n"
			     "i: x\r\nm: <sip:a@b>\r\nl: 0\r\n" CSEQ "\r\n"));
	assert_true(is_plain(OPTIONS
			     "vIA : SIP/2.0/UDP h;BRANCH=z9hG4bK1\r\n"
			     "FROM\t:\t<sip:a@b>;TAG=1\r\nto:<sip:c@d>  \r\n"
			     "CALL-ID:x\r\ncseq: 7\t OPTIONS\r\n\r\n"));
}


/* What could mislead is left to libre */
static void not_plain(void **state)
{
	(void)state;

	assert_false(is_plain(OPTIONS "Via: SIP/2.0/UDP h\r\n"
			      " ;branch=z9hG4bK1\r\n" FROM TO CALLID CSEQ END));
	assert_false(is_plain(OPTIONS "Via: SIP/2.0/UDP h;branch=z9hG4bK1,"
			      " SIP/2.0/UDP i;branch=z9hG4bK2\r\n"
			      FROM TO CALLID CSEQ END));
	assert_false(is_plain(OPTIONS HEAD CSEQ
			      "Contact: <sip:a@b>, <sip:c@d>\r\n" END));
	assert_false(is_plain(OPTIONS VIA TO CALLID CSEQ
			      "From: sip:a@b;tag=1\r\n" END));
	assert_false(is_plain("INVITE sip:bob@example.com SIP/2.0\r\n" HEAD
			      CSEQ END));
}


static void not_a_message(void **state)
{
	(void)state;

	assert_false(is_plain(""));
	assert_false(is_plain("\r\n\r\n"));
	assert_false(is_plain("OPTIONS"));
	assert_false(is_plain(OPTIONS "\r\n"));
	assert_false(is_plain(OPTIONS HEAD CSEQ));
	assert_false(is_plain("SIP/2.0 20 OK\r\n" HEAD CSEQ END));
	assert_false(is_plain("OPTIONS sip:a@b HTTP/1.1\r\n" HEAD CSEQ END));
}


/* libre takes some odd names for others: its numbers of them are a hash */
static bool is_name(const char *text, size_t pos)
{
	while (pos && text[pos - 1] != '\n' && text[pos] != ':')
		--pos;

	return text[pos] != ':';
}


static void alter(char *text, size_t len, uint32_t *seed)
{
	static const char alphabet[] = " \t\r\n:;,\"<>@=/.1aVvi\\";
	size_t pos;

	do {
		*seed = *seed * 1664525 + 1013904223;
		pos = (*seed >> 8) % len;
	} while (is_name(text, pos));

	text[pos] = alphabet[(*seed >> 24) % (sizeof(alphabet) - 1)];
}


/* Wherever it is cut off or altered: nothing is read that is not there, and
   what is read libre reads as well */
static void damaged(void **state)
{
	static const char whole[] =
		"REGISTER sip:example.com SIP/2.0\r\n" HEAD
		"Contact: \"x\" <sip:a@b>;expires=9\r\nRoute: <sip:c;lr>\r\n"
		"CSeq: 7 REGISTER\r\nExpires: 60\r\n" END;
	const size_t len = sizeof(whole) - 1;
	char text[sizeof(whole)];
	uint32_t seed = 1;
	unsigned plain = 0;
	(void)state;

	for (size_t n = 0; n < len; n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		(void)is_plain(text);
	}

	for (unsigned i = 0; i < MUTATIONS; i++) {

		memcpy(text, whole, sizeof(whole));
		for (unsigned k = 0; k <= i % 3; k++)
			alter(text, len, &seed);

		if (is_plain(text))
			++plain;
	}

	assert_in_range(plain, MUTATIONS / 10, MUTATIONS);
}


static void branch_of_a_packet(void **state)
{
	struct pl branch;
	const char *p = OPTIONS VIA;
	(void)state;

	assert_true(glance_branch(&branch, p, strlen(p)));
	assert_int_equal(pl_strcmp(&branch, "z9hG4bK1a2b"), 0);

	/* what ICMP quotes may end right behind it */
	assert_true(glance_branch(&branch, p, strlen(p) - strlen(";rport\r\n")));
	assert_int_equal(pl_strcmp(&branch, "z9hG4bK1a2b"), 0);

	assert_false(glance_branch(&branch, p, strlen(OPTIONS) + 8));
	assert_false(glance_branch(&branch, "", 0));

	/* of the Request-URI */
	p = "OPTIONS sip:a@b;branch=z9hG4bKx SIP/2.0\r\n" VIA;
	assert_true(glance_branch(&branch, p, strlen(p)));
	assert_int_equal(pl_strcmp(&branch, "z9hG4bK1a2b"), 0);
}


/* However it is altered: what is decoded is what libre decodes */
static void uris(void **state)
{
	static const char whole[] = "sip:al-ice@pbx.example.com:5060;lr;x=1";
	char text[sizeof(whole)];
	uint32_t seed = 1;
	unsigned plain = 0;
	(void)state;

	for (unsigned i = 0; i < MUTATIONS; i++) {

		const struct pl pl = { text, sizeof(whole) - 1 - i % 30 };
		struct uri uri, libre;

		memcpy(text, whole, sizeof(whole));
		for (unsigned k = 0; k < i % 3; k++) {
			seed = seed * 1664525 + 1013904223;
			text[(seed >> 8) % pl.l] = "@:;?/ ,.\"<>[]=%1a"[seed >> 28];
		}

		if (!plain_uri_decode(&uri, &pl))
			continue;

		++plain;
		assert_int_equal(uri_decode(&libre, &pl), 0);
		assert_pl(&uri.scheme, &libre.scheme);
		assert_pl(&uri.user, &libre.user);
		assert_pl(&uri.host, &libre.host);
		assert_int_equal(uri.port, libre.port);
		assert_pl(&uri.params, &libre.params);
	}

	assert_in_range(plain, MUTATIONS / 10, MUTATIONS);
}


static void parts_of_an_address(void **state)
{
	static const struct pl
		addr = PL("<sip:alice-0x1@192.0.2.1;transport=tcp>;expires=0"),
		spaced = PL("<sip:a@b> ; q=1 ; Expires = 60"),
		plain = PL("sip:a@b;expires=60"), star = PL("*"),
		secret = PL("<sip:a:b@c>"), host = PL("<sip:example.com>");
	struct pl val;
	(void)state;

	assert_true(plain_address_param(&val, &addr, "expires"));
	assert_int_equal(pl_strcmp(&val, "0"), 0);
	assert_true(plain_address_param(&val, &addr, "transport"));
	assert_false(pl_isset(&val));
	assert_true(plain_address_param(&val, &spaced, "expires"));
	assert_int_equal(pl_strcmp(&val, "60"), 0);
	assert_false(plain_address_param(&val, &plain, "expires"));
	assert_false(plain_address_param(&val, &star, "expires"));

	assert_true(plain_user(&val, &addr));
	assert_int_equal(pl_strcmp(&val, "alice-0x1"), 0);
	assert_true(plain_user(&val, &host));
	assert_false(pl_isset(&val));
	assert_false(plain_user(&val, &secret));
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_libre_sends),
		cmocka_unit_test(names_and_blanks),
		cmocka_unit_test(not_plain),
		cmocka_unit_test(not_a_message),
		cmocka_unit_test(damaged),
		cmocka_unit_test(branch_of_a_packet),
		cmocka_unit_test(uris),
		cmocka_unit_test(parts_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
