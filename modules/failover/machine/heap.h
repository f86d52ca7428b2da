/**
 * @file heap.h  Times, of which the first is always known
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_HEAP_H
#define FAILOVER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/** A time in a heap, part of what waits for it; all zero: in no heap */
struct heap_entry {
	uint64_t due;                /**< When [ms]                          */
	uint64_t turn;               /**< Its place among those of that time */
	struct heap_entry *child;    /**< The first due no earlier           */
	struct heap_entry *next;     /**< Beside this, under the same parent */
	struct heap_entry *prev;     /**< Before this, or the parent         */
	bool inside;                 /**< It is in a heap                    */
};

/** All zero: empty */
struct heap {
	struct heap_entry *first;    /**< NULL: empty                        */
	uint64_t inserted;           /**< Entries so far                     */
};

void heap_insert(struct heap *heap, struct heap_entry *entry, uint64_t due);
void heap_remove(struct heap *heap, struct heap_entry *entry);

#endif
