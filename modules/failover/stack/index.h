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
	INDEX_BITS = 10,
	INDEX_SIZE = 1 << INDEX_BITS,
};

/** Objects by a text; each object has a struct le for this */
struct index {
	struct list bucketv[INDEX_SIZE];
};


static inline uint64_t index_mix(uint64_t hash, const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));

	return (hash ^ word) * 0x9e3779b97f4a7c15u;
}


/* The hash functions of libre take about ten instructions a character. Keys
   are random numbers, names, and addresses in memory: eight characters at a
   time tell them apart as well. The last eight may be read twice. */
static inline size_t index_hash(const struct pl *key)
{
	const size_t step = sizeof(uint64_t);
	char word[sizeof(uint64_t)] = {0};
	uint64_t hash = key->l;

	for (size_t i = 0; i + step < key->l; i += step)
		hash = index_mix(hash, key->p + i);

	if (key->l >= step)
		hash = index_mix(hash, key->p + key->l - step);
	else {
		for (size_t i = 0; i < key->l; i++)
			word[i] = key->p[i];
		hash = index_mix(hash, word);
	}

	return hash >> (64 - INDEX_BITS);
}


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
	return &idx->bucketv[index_hash(key)];
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
