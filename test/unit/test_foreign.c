/**
 * @file test_foreign.c  What is made of text that others have written
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "foreign.h"


static void assert_clean(const char *text, const char *clean)
{
	char buf[256];

	foreign_clean(buf, sizeof(buf), text, strlen(text));
	assert_string_equal(buf, clean);
}


static void test_harmless(void **state)
{
	(void)state;

	assert_clean("", "");
	assert_clean("Service Unavailable", "Service Unavailable");
	assert_clean("\"100%\" \\ /", "\"100%\" \\ /");
	assert_clean("Größe, отказ, 不可用, 😀", "Größe, отказ, 不可用, 😀");
	assert_clean("שלום عربى", "שלום عربى");
	/* the ends of each length: RFC 3629 section 3 */
	assert_clean("\x7e\xc2\xa0\xdf\xbf", "\x7e\xc2\xa0\xdf\xbf");
	assert_clean("\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf");
	assert_clean("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
	assert_clean("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		     "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}


static void test_control_characters(void **state)
{
	char all[32], buf[64];
	(void)state;

	for (unsigned char c = 0; c < sizeof(all); c++)
		all[c] = (char)c;

	foreign_clean(buf, sizeof(buf), all, sizeof(all));
	assert_string_equal(buf, "????????????????????????????????");

	assert_clean("\033[31mred\033[0m", "?[31mred?[0m");
	assert_clean("a\x7f" "b", "a?b");
	assert_clean("one\r\ntwo\tthree", "one??two?three");

	/* U+0080 to U+009F; U+009B begins a sequence as ESC [ does */
	for (unsigned char c = 0x80; c < 0xa0; c++) {
		const char c1[] = { '\xc2', (char)c, '\0' };

		assert_clean(c1, "?");
	}
	assert_clean("\xc2\x9b" "31m", "?31m");
}


static void test_direction(void **state)
{
	static const char *const textv[] = {
		"\xd8\x9c",                              /* U+061C */
		"\xe2\x80\x8e", "\xe2\x80\x8f",          /* U+200E */
		"\xe2\x80\xa8", "\xe2\x80\xa9",          /* U+2028 */
		"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae",          /* U+202E */
		"\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
		"\xe2\x81\xa9",                          /* U+2069 */
	};
	(void)state;

	for (size_t i = 0; i < sizeof(textv) / sizeof(textv[0]); i++)
		assert_clean(textv[i], "?");

	/* a neighbour of theirs, which joins letters */
	assert_clean("\xe2\x80\x8d", "\xe2\x80\x8d");
}


static void test_not_utf8(void **state)
{
	(void)state;

	assert_clean("a\xff" "b\xfe", "a?b?");
	assert_clean("\x80", "?");                       /* continues nothing */
	assert_clean("\xc3", "?");                       /* cut off */
	assert_clean("\xe2\x82", "??");
	assert_clean("\xf0\x9f\x98", "???");
	assert_clean("\xc3(", "?(");                     /* not continued */
	assert_clean("\xe2\x82.", "??.");
	assert_clean("\xc0\xaf", "??");                  /* overlong '/' */
	assert_clean("\xc1\xbf", "??");
	assert_clean("\xe0\x80\xaf", "???");
	assert_clean("\xe0\x9f\xbf", "???");
	assert_clean("\xf0\x80\x80\xaf", "????");
	assert_clean("\xf0\x8f\xbf\xbf", "????");
	assert_clean("\xed\xa0\x80", "???");             /* surrogates */
	assert_clean("\xed\xbf\xbf", "???");
	assert_clean("\xf4\x90\x80\x80", "????");        /* above U+10FFFF */
	assert_clean("\xf8\x88\x80\x80\x80", "?????");   /* 5 and 6 bytes */
	assert_clean("\xfc\x84\x80\x80\x80\x80", "??????");
	assert_clean("Gr\xf6\xdf" "e", "Gr??e");         /* Latin-1 */
}


/* A whole character fits or is left out: no size cuts one in half */
static void test_cut(void **state)
{
	const char *text = "aäß€😀z";
	char buf[32], whole[32];
	(void)state;

	for (size_t size = 1; size <= strlen(text) + 1; size++) {

		foreign_clean(buf, size, text, strlen(text));
		assert_true(strlen(buf) < size);
		assert_memory_equal(buf, text, strlen(buf));
		assert_true(size - strlen(buf) <= 4);

		foreign_clean(whole, sizeof(whole), buf, strlen(buf));
		assert_string_equal(whole, buf);
	}
}


static void test_in_place(void **state)
{
	char buf[] = "€\033[1m\xc2\x9b" "x\xff€";
	(void)state;

	foreign_clean(buf, sizeof(buf), buf, strlen(buf));
	assert_string_equal(buf, "€?[1m?x?€");
}


/* Whatever the bytes: what comes out is clean, and is not changed again */
static void test_all_pairs(void **state)
{
	char in[5] = "", out[8], again[8];
	(void)state;

	for (unsigned i = 0; i < 0x10000; i++) {

		in[0] = (char)(i >> 8);
		in[1] = (char)i;
		in[2] = '\x80';
		in[3] = '\xbf';

		foreign_clean(out, sizeof(out), in, 4);
		assert_true(strlen(out) > 0 && strlen(out) <= 4);
		foreign_clean(again, sizeof(again), out, strlen(out));
		assert_string_equal(again, out);
	}
}


static void test_answer(void **state)
{
	char cyrillic[162], buf[128];
	(void)state;

	foreign_answer(buf, sizeof(buf), "INVITE", 503, "No", 2);
	assert_string_equal(buf, "INVITE: 503 No");
	foreign_answer(buf, sizeof(buf), NULL, 408, "\033[2J", 4);
	assert_string_equal(buf, "408 ?[2J");
	foreign_answer(buf, 10, "INVITE", 503, "No", 2);
	assert_string_equal(buf, "INVITE: 5");

	/* cut, not dropped: 161 bytes, 80 characters and a half */
	for (size_t i = 0; i + 1 < sizeof(cyrillic); i += 2)
		memcpy(&cyrillic[i], "ж", 2);
	foreign_answer(buf, sizeof(buf), "INVITE", 503, cyrillic, 161);
	assert_int_equal(strlen(buf), 12 + 114);
	assert_memory_equal(buf, "INVITE: 503 жжжж", 20);
	assert_string_equal(buf + strlen(buf) - 4, "жж");
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_all_pairs),
		cmocka_unit_test(test_answer),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
