/**
 * @file test_web.c  Requests to the page: heads, forms, foreign text
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "foreign.h"
#include "form.h"
#include "head.h"
#include "replay.h"
#include "escape.h"


static int check(const char *head)
{
	return head_check(head, strlen(head));
}


static void test_head_end(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
	const size_t end = strlen(text) - 4;
	(void)state;

	assert_int_equal(end, head_end(text, strlen(text), 0));
	assert_int_equal(end, head_end(text, end, end - 1));
	assert_int_equal(0, head_end(text, end - 1, 0));
	assert_int_equal(0, head_end(text, 0, 0));

	/* byte by byte, as a client may send it */
	for (size_t l = 1; l < end; l++)
		assert_int_equal(0, head_end(text, l, l - 1));
	assert_int_equal(end, head_end(text, end, end - 1));
}


static void test_head_good(void **state)
{
	(void)state;

	assert_int_equal(0, check("GET / HTTP/1.1\r\n\r\n"));
	assert_int_equal(0, check("GET /a?b=%20 HTTP/1.0\r\n\r\n"));
	assert_int_equal(0, check("GET http://a/ HTTP/1.1\r\n\r\n"));
	assert_int_equal(0, check("OPTIONS * HTTP/1.1\r\n\r\n"));
	assert_int_equal(0, check("POST / HTTP/1.1\r\nHost: [::1]:1\r\n"
				  "X-Y:\r\nCookie: a=\"b\"\t; c\r\n\r\n"));
	assert_int_equal(0, check("GET / HTTP/1.1\r\nX: \xc3\xa9\r\n\r\n"));
}


static void test_head_bad(void **state)
{
	static const char *const badv[] = {
		"\r\n\r\n",
		"get / HTTP/1.1\r\n\r\n",
		"GET  / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1 \r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.x\r\n\r\n",
		"GET a HTTP/1.1\r\n\r\n",
		"GET ftp://a/ HTTP/1.1\r\n\r\n",
		"GET http:/a HTTP/1.1\r\n\r\n",
		"GET ** HTTP/1.1\r\n\r\n",
		"GET /\x01 HTTP/1.1\r\n\r\n",
		"GET /\xff HTTP/1.1\r\n\r\n",
		"TOOLONGMETHOD / HTTP/1.1\r\n\r\n",
		"GET /\r\n\r\n",
		"GET / HTTP/1.1\r\nHost a\r\n\r\n",
		"GET / HTTP/1.1\r\n: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(badv) / sizeof(badv[0]); i++) {
		if (check(badv[i]) != EBADMSG)
			fail_msg("taken: %s", badv[i]);
	}

	/* a byte of 0 is not the end */
	assert_int_equal(EBADMSG,
			 head_check("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24));
}


/* What costs libre a time that grows with its square */
static void test_head_costly(void **state)
{
	char head[HEAD_MAX + 1], *p;
	(void)state;

	p = head + sprintf(head, "GET / HTTP/1.1\r\nContent-Type: ");
	memset(p, 'a', CTYPE_MAX);
	strcpy(p + CTYPE_MAX, "\r\n\r\n");
	assert_int_equal(EBADMSG, check(head));

	p = head + sprintf(head, "GET / HTTP/1.1\r\nAccept: ");
	memset(p, ',', FIELDS_MAX);
	strcpy(p + FIELDS_MAX, "\r\n\r\n");
	assert_int_equal(EBADMSG, check(head));

	p = head + sprintf(head, "GET /");
	memset(p, 'a', TARGET_MAX);
	strcpy(p + TARGET_MAX, " HTTP/1.1\r\n\r\n");
	assert_int_equal(EBADMSG, check(head));

	p = head + sprintf(head, "GET / HTTP/1.1\r\n");
	for (int i = 0; i <= FIELDS_MAX; i++)
		p += sprintf(p, "a:b\r\n");
	strcpy(p, "\r\n");
	assert_int_equal(EBADMSG, check(head));
}


static int length(const char *text, size_t *n)
{
	return head_length(text, strlen(text), 16384, n);
}


static void test_length(void **state)
{
	size_t n = 7;
	(void)state;

	assert_int_equal(EBADMSG, length("", &n));
	assert_int_equal(EBADMSG, length("-1", &n));
	assert_int_equal(EBADMSG, length("+1", &n));
	assert_int_equal(EBADMSG, length("1 ", &n));
	assert_int_equal(EBADMSG, length("0x10", &n));
	assert_int_equal(EMSGSIZE, length("16385", &n));
	assert_int_equal(EMSGSIZE, length("4294967296", &n));
	assert_int_equal(EMSGSIZE, length("18446744073709551617", &n));
	assert_int_equal(7, n);
	assert_int_equal(0, length("16384", &n));
	assert_int_equal(16384, n);
	assert_int_equal(0, length("007", &n));
	assert_int_equal(7, n);
}


static int decode(struct form *form, const char *text)
{
	return form_decode(form, text, strlen(text));
}


static void test_form(void **state)
{
	struct form *form = malloc(sizeof(*form));
	(void)state;

	assert_int_equal(0, decode(form, "aor=sip%3Aa%40b&x=1+2&empty=&alone&"
				   "%c3%a9=%C3%A9"));
	assert_int_equal(5, form->pairc);
	assert_string_equal("sip:a@b", form_get(form, "aor"));
	assert_string_equal("1 2", form_get(form, "x"));
	assert_string_equal("", form_get(form, "empty"));
	assert_string_equal("", form_get(form, "alone"));
	assert_string_equal("\xc3\xa9", form_get(form, "\xc3\xa9"));
	assert_null(form_get(form, "y"));

	assert_int_equal(0, decode(form, ""));
	assert_int_equal(0, form->pairc);
	assert_int_equal(0, decode(form, "&&"));
	assert_int_equal(0, form->pairc);
	assert_int_equal(0, decode(form, "a=b=c"));
	assert_string_equal("b=c", form_get(form, "a"));

	assert_int_equal(EBADMSG, decode(form, "a=%"));
	assert_int_equal(EBADMSG, decode(form, "a=%4"));
	assert_int_equal(EBADMSG, decode(form, "a=%4g"));
	assert_int_equal(EBADMSG, decode(form, "a=%00"));
	assert_int_equal(EBADMSG, decode(form, "a=%0a"));
	assert_int_equal(EBADMSG, decode(form, "a=\x7f"));
	assert_int_equal(EBADMSG, decode(form, "a=%ff"));
	assert_int_equal(EBADMSG, decode(form, "a=%C2%85"));
	assert_int_equal(EBADMSG, decode(form, "=b"));
	assert_int_equal(EBADMSG, decode(form, "a=1&a=2"));

	free(form);
}


static void test_form_limits(void **state)
{
	struct form *form = malloc(sizeof(*form));
	char text[FORM_MAX + 2], *p = text;
	(void)state;

	for (int i = 0; i < FORM_PAIRS; i++)
		p += sprintf(p, "k%d=v&", i);
	assert_int_equal(0, decode(form, text));
	assert_int_equal(FORM_PAIRS, form->pairc);
	strcpy(p, "one=more");
	assert_int_equal(EBADMSG, decode(form, text));

	memset(text, 'a', sizeof(text));
	text[FORM_MAX + 1] = '\0';
	assert_int_equal(EMSGSIZE, decode(form, text));
	assert_int_equal(0, form_decode(form, text, FORM_MAX));
	text[1] = '=';
	assert_int_equal(0, form_decode(form, text, FORM_MAX));
	assert_int_equal(FORM_MAX - 2, strlen(form_get(form, "a")));

	free(form);
}


static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} casev[] = {
		{"a", 1}, {"\xc3\xa9", 2}, {"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4}, {"\x80", 0}, {"\xc0\x80", 0},
		{"\xc3", 0}, {"\xc3" "a", 0}, {"\xe0\x80\x80", 0},
		{"\xed\xa0\x80", 0}, {"\xf0\x80\x80\x80", 0},
		{"\xf4\x90\x80\x80", 0}, {"\xf8", 0}, {"\xff", 0},
	};
	uint32_t chr;
	(void)state;

	for (size_t i = 0; i < sizeof(casev) / sizeof(casev[0]); i++)
		assert_int_equal(casev[i].n,
				 foreign_decode(&chr, casev[i].text,
						strlen(casev[i].text)));
	assert_int_equal(0, foreign_decode(&chr, "", 0));
}


static void assert_escaped(const char *text, bool json, const char *expected)
{
	char buf[256];
	size_t n = 0, used, l = strlen(text);

	while (l) {
		n += escape_next(buf + n, text, l, &used, json);
		text += used;
		l -= used;
	}

	buf[n] = '\0';
	assert_string_equal(expected, buf);
}


static void test_escape(void **state)
{
	(void)state;

	assert_escaped("a\"b\\c\nd", true, "a\\\"b\\\\c\\nd");
	assert_escaped("a\"b\\c\nd", false, "a\\\"b\\\\c\\nd");
	assert_escaped("\x01\x7f\xc2\x85\t", true,
		       "\\u0001\\u007f\\u0085\\u0009");
	assert_escaped("\x01", false, "\x01");
	assert_escaped("\xff\xc3", true, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_escaped("\xc3\xa9</script>", true, "\xc3\xa9</script>");
}


static void test_authority(void **state)
{
	static const struct {
		const char *target;
		size_t begin, end;
	} v[] = {
		{"/",                  0, 0},
		{"",                   0, 0},
		{"http:/a",            0, 0},
		{"http://",            7, 7},
		{"http://a",           7, 8},
		{"HTTPS://a:1/b",      8, 11},
		{"http://[::1]?b/c",   7, 12},
		{"http://a#/",         7, 8},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {

		size_t begin;

		assert_int_equal(v[i].end, head_authority(v[i].target,
							  strlen(v[i].target),
							  &begin));
		assert_int_equal(v[i].begin, begin);
	}
}


static void test_replay_window(void **state)
{
	struct replay r = {0};
	(void)state;

	assert_false(replay_is_new(&r, 7, 0));

	for (uint32_t n = 1; n <= 200; n++) {
		assert_true(replay_is_new(&r, 7, n));
		assert_false(replay_is_new(&r, 7, n));
	}

	for (uint32_t n = 0; n <= 200; n++)
		assert_false(replay_is_new(&r, 7, n));

	/* the last 64 in any order */
	assert_true(replay_is_new(&r, 7, 300));
	assert_false(replay_is_new(&r, 7, 236));
	for (uint32_t n = 237; n < 300; n++)
		assert_true(replay_is_new(&r, 7, n));
	for (uint32_t n = 0; n <= 300; n++)
		assert_false(replay_is_new(&r, 7, n));

	assert_true(replay_is_new(&r, 7, 0xffffffff));
	assert_true(replay_is_new(&r, 7, 0xffffffff - 63));
	assert_false(replay_is_new(&r, 7, 0xffffffff - 64));
	assert_false(replay_is_new(&r, 7, 0xffffffff));
}


/* However many nonces there are, and in whatever order they come: none is
   accepted twice with one count */
static void test_replay_nonces(void **state)
{
	enum { NONCES = 5 * REPLAY_NONCES };
	(void)state;

	for (unsigned step = 1; step < NONCES; step++) {

		bool acceptedv[NONCES + 1] = {0};
		struct replay r = {0};
		unsigned accepted = 0;

		for (unsigned i = 0; i < 4 * NONCES; i++) {

			const unsigned number = i * step % NONCES + 1;

			if (!replay_is_new(&r, number, 1))
				continue;

			assert_false(acceptedv[number]);
			acceptedv[number] = true;
			++accepted;
		}

		/* a later nonce is always accepted */
		assert_true(accepted > 0);
		assert_true(replay_is_new(&r, NONCES + 1, 1));
	}
}


int main(void)
{
	static const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_head_end),
		cmocka_unit_test(test_head_good),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_replay_window),
		cmocka_unit_test(test_replay_nonces),
		cmocka_unit_test(test_head_bad),
		cmocka_unit_test(test_head_costly),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_form_limits),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
