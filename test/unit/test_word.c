/**
 * @file test_word.c  How much two words differ
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "word.h"


static void test_distance(void **state)
{
	char longer[100];
	(void)state;

	assert_int_equal(word_distance("", ""), 0);
	assert_int_equal(word_distance("rise", "rise"), 0);
	assert_int_equal(word_distance("Rise", "rISE"), 0);
	assert_int_equal(word_distance("", "rise"), 4);
	assert_int_equal(word_distance("rise", ""), 4);
	assert_int_equal(word_distance("rise", "raise"), 1);
	assert_int_equal(word_distance("raise", "rise"), 1);
	assert_int_equal(word_distance("rise", "ruse"), 1);
	assert_int_equal(word_distance("retry", "retries"), 3);
	assert_int_equal(word_distance("kitten", "sitting"), 3);

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(word_distance(longer, "a"), 63);
	assert_int_equal(word_distance(longer, longer), 0);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
