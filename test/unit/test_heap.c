/**
 * @file test_heap.c  Times, of which the first is always known
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "heap.h"


enum {
	ENTRIES = 200,
	STEPS   = 100000,
	TIMES   = 64,                /* few, so that many are equal          */
};


static uint64_t earliest(const struct heap_entry *entryv)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < ENTRIES; i++) {
		if (entryv[i].inside && entryv[i].due < due)
			due = entryv[i].due;
	}

	return due;
}


/* The first is the earliest after each of many insertions and removals */
static void test_first_is_earliest(void **state)
{
	static struct heap_entry entryv[ENTRIES];
	struct heap heap = {0};
	(void)state;

	srand(1);

	for (unsigned i = 0; i < STEPS; i++) {
		struct heap_entry *entry = &entryv[rand() % ENTRIES];
		const uint64_t due = (uint64_t)(rand() % TIMES);
		uint64_t first;

		heap_remove(&heap, entry);
		assert_false(entry->inside);

		if (rand() % 2)
			heap_insert(&heap, entry, due);

		first = earliest(entryv);
		assert_int_equal(first,
				 heap.first ? heap.first->due : UINT64_MAX);
	}
}


/* Taken out from the first on, they come in order, and all of them */
static void test_in_order(void **state)
{
	static struct heap_entry entryv[ENTRIES];
	struct heap heap = {0};
	uint64_t last = 0;
	unsigned n = 0;
	(void)state;

	for (unsigned i = 0; i < ENTRIES; i++)
		heap_insert(&heap, &entryv[i], (i * 37) % TIMES);

	for (; heap.first && n < ENTRIES; n++) {
		struct heap_entry *first = heap.first;

		assert_true(first->due >= last);
		last = first->due;
		heap_remove(&heap, first);
	}

	assert_int_equal(n, ENTRIES);
	assert_null(heap.first);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_earliest),
		cmocka_unit_test(test_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
