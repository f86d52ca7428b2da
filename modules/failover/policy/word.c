/**
 * @file word.c  How much two words differ
 *
 * Finds the key that a user may have meant by an unknown one.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "word.h"


enum {
	MAX_WORD = 64,               /**< Letters that are compared          */
};


static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	const unsigned m = a < b ? a : b;

	return m < c ? m : c;
}


/**
 * How much two words differ: the least number of letters to insert, remove or
 * replace. Case does not matter. Only the first 64 characters count.
 *
 * @param a Word
 * @param b Other word
 *
 * @return Number of letters
 */
unsigned word_distance(const char *a, const char *b)
{
	const size_t lena = strnlen(a, MAX_WORD), lenb = strnlen(b, MAX_WORD);
	unsigned row[MAX_WORD + 1];

	for (unsigned j = 0; j <= lenb; j++)
		row[j] = j;

	for (unsigned i = 1; i <= lena; i++) {

		unsigned corner = row[0];

		row[0] = i;

		for (unsigned j = 1; j <= lenb; j++) {

			const bool same = tolower((unsigned char)a[i - 1]) ==
				tolower((unsigned char)b[j - 1]);
			const unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      corner + (same ? 0 : 1));
			corner = above;
		}
	}

	return row[lenb];
}
