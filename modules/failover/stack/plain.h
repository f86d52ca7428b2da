/**
 * @file plain.h  Parts of a header's value in plain form
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PLAIN_H
#define FAILOVER_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <re.h>

/**
 * Is a character a blank or a tab?
 *
 * @param c Character
 *
 * @return True if it is
 */
static inline bool plain_is_blank(char c)
{
	return c == ' ' || c == '\t';
}


/**
 * Does a text contain this character?
 *
 * @param pl Text
 * @param c  Character
 *
 * @return True if it does
 */
static inline bool plain_has(const struct pl *pl, char c)
{
	return pl->l && memchr(pl->p, c, pl->l);
}


/**
 * Is a text this one, to the letter? With a literal the compiler does most of
 * it.
 *
 * @param pl   Text
 * @param text The other one
 *
 * @return True if it is
 */
static inline bool plain_is(const struct pl *pl, const char *text)
{
	const size_t len = strlen(text);

	return pl->l == len && (!len || !memcmp(pl->p, text, len));
}


/**
 * Is a text this one, in letters of any case? Mostly it is the same to the
 * letter, which is seen faster.
 *
 * @param p    Text
 * @param text The other one
 * @param len  Length of both
 *
 * @return True if it is
 */
static inline bool plain_is_like(const char *p, const char *text, size_t len)
{
	return !memcmp(p, text, len) || !strncasecmp(p, text, len);
}


/**
 * Is a character white space?
 *
 * @param c Character
 *
 * @return True if it is
 */
static inline bool plain_is_space(char c)
{
	return c <= ' ' && (plain_is_blank(c) || c == '\r' || c == '\n');
}


/**
 * Remove white space from both ends of a text
 *
 * @param pl Text
 */
static inline void plain_trim(struct pl *pl)
{
	while (pl->l && plain_is_space(pl->p[0])) {
		++pl->p;
		--pl->l;
	}

	while (pl->l && plain_is_space(pl->p[pl->l - 1]))
		--pl->l;
}


bool plain_param(struct pl *val, const struct pl *params, const char *name);
bool plain_read_param(struct pl *val, const struct pl *params,
		      const char *name);
bool plain_split(struct pl *uri, struct pl *params, const struct pl *addr);
bool plain_uri(struct pl *uri, const struct pl *addr);
bool plain_address_param(struct pl *val, const struct pl *addr,
			 const char *name);
bool plain_uri_decode(struct uri *uri, const struct pl *pl);
bool plain_uri_user(struct pl *user, const struct pl *uri);
bool plain_user(struct pl *user, const struct pl *addr);

#endif
