/**
 * @file heap.c  Times, of which the first is always known
 *
 * A pairing heap (Fredman, Sedgewick, Sleator, Tarjan: The Pairing Heap, 1986).
 * It allocates nothing, so nothing in it fails. To insert costs the same for
 * any number of entries, to remove grows with the logarithm of the number.
 * Those due at the same time come in the order in which they were inserted.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include "heap.h"


static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->due == b->due ? a->turn < b->turn : a->due < b->due;
}


/** The later of two roots becomes the first child of the other */
static struct heap_entry *meld(struct heap_entry *a, struct heap_entry *b)
{
	struct heap_entry *parent, *child;

	if (!a || !b)
		return a ? a : b;

	parent = is_before(b, a) ? b : a;
	child  = parent == a ? b : a;

	child->prev = parent;
	child->next = parent->child;
	if (child->next)
		child->next->prev = child;

	parent->child = child;

	return parent;
}


/** Meld children that have lost their parent: in pairs, then the pairs */
static struct heap_entry *meld_all(struct heap_entry *child)
{
	struct heap_entry *pairs = NULL, *root = NULL;

	while (child) {
		struct heap_entry *a = child, *b = child->next;

		child = b ? b->next : NULL;

		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;

		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}

	while (pairs) {
		struct heap_entry *a = pairs;

		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}

	return root;
}


/**
 * Insert an entry
 *
 * @param heap  Heap
 * @param entry Entry, in no heap; not owned
 * @param due   When it is due [ms]
 */
void heap_insert(struct heap *heap, struct heap_entry *entry, uint64_t due)
{
	*entry = (struct heap_entry) {
		.due    = due,
		.turn   = heap->inserted++,
		.inside = true
	};
	heap->first = meld(heap->first, entry);
}


/**
 * Remove an entry
 *
 * @param heap  Heap
 * @param entry Entry of this heap, or in none: then nothing is done
 */
void heap_remove(struct heap *heap, struct heap_entry *entry)
{
	struct heap_entry *children;

	if (!entry->inside)
		return;

	children = meld_all(entry->child);

	if (!entry->prev) {
		heap->first = children;
	}
	else {
		if (entry->prev->child == entry)
			entry->prev->child = entry->next;
		else
			entry->prev->next = entry->next;

		if (entry->next)
			entry->next->prev = entry->prev;

		heap->first = meld(heap->first, children);
	}

	*entry = (struct heap_entry) { .inside = false };
}
