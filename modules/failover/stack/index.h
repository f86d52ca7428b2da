/**
 * @file index.h  Finds an object by a text, in constant time
 *
 * Like libre's struct hash, but without an allocation. So it always exists and
 * needs no release, like the lists beside it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_INDEX_H
#define FAILOVER_INDEX_H

#include <string.h>
#include "compat.h"

enum {
	INDEX_SIZE = 1024,           /**< A power of two                     */
};

/** Objects by a text; each object has a struct le for this */
struct index {
	struct list bucketv[INDEX_SIZE];
};


/**
 * The list of objects that may have a text
 *
 * @param idx Index
 * @param key Text
 *
 * @return List, which may hold a few others
 */
static inline struct list *index_bucket(struct index *idx,
					const struct pl *key)
{
	return &idx->bucketv[hash_joaat_pl(key) & (INDEX_SIZE - 1)];
}


/**
 * Add an object; list_unlink() removes it
 *
 * @param idx  Index
 * @param key  Its text
 * @param le   Its list element
 * @param data Object
 */
static inline void index_add_pl(struct index *idx, const struct pl *key,
				struct le *le, void *data)
{
	list_append(index_bucket(idx, key), le, data);
}


/**
 * Add an object; list_unlink() removes it
 *
 * @param idx  Index
 * @param key  Its text
 * @param le   Its list element
 * @param data Object
 */
static inline void index_add(struct index *idx, const char *key,
			     struct le *le, void *data)
{
	const struct pl pl = { key, strlen(key) };

	index_add_pl(idx, &pl, le, data);
}

#endif
