/**
 * @file set_key.c  Keys that cannot be changed at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "keys.h"
#include "page_listen.h"
#include "set_key.h"
#include "set_servers.h"
#include "settings.h"
#include "word.h"


enum {
	TYPO_MAX = 3,                /**< With more it is another word       */
};

/** Keys with this prefix, and what to do instead */
static const struct {
	const char *begin;
	const char *text;
} insteadv[] = {
	{"failover_regint",  "expiries are regint and failover_regint2 to"
			     " failover_regint8"},
	{"outbound",         "servers are server1 to server8"},
	{"server",           "servers are server1 to server8"},
};


static const char *instead(const char *key)
{
	for (size_t i = 0; i < RE_ARRAY_SIZE(insteadv); i++) {

		const char *begin = insteadv[i].begin;

		if (!strncmp(key, begin, strlen(begin)))
			return insteadv[i].text;
	}

	return NULL;
}


static void compare(const char **found, unsigned *least, const char *key,
		    const char *name)
{
	const unsigned n = word_distance(key, name);

	if (n < *least) {
		*least = n;
		*found = name;
	}
}


static const char *nearest(const char *key)
{
	const char *found = NULL, *name;
	unsigned least = TYPO_MAX + 1;

	for (size_t i = 0; (name = settings_key(i)); i++)
		compare(&found, &least, key, name);

	for (enum keys_page i = KEYS_LISTEN; i < KEYS_PAGE; i++)
		compare(&found, &least, key, keys_page(i));

	return found;
}


/**
 * Is this the key that leaves an account alone?
 *
 * @param key Key
 *
 * @return True if it is
 */
bool set_key_is_switch(const char *key)
{
	return !strcmp(key, "failover");
}


/**
 * Why a key cannot be changed at run time
 *
 * @param errorp Returns what to do instead, part of a sentence; NULL if the
 *               key can be changed. To be released with mem_deref()
 * @param key    Key
 *
 * @return 0 if success, otherwise errorcode
 */
int set_key_refusal(char **errorp, const char *key)
{
	const char *text, *name;

	*errorp = NULL;

	if (settings_allowed(key) || set_servers_is_key(key) ||
	    page_listen_is_key(key) || set_key_is_switch(key))
		return 0;

	text = instead(key);
	if (text)
		return str_dup(errorp, text);

	name = nearest(key);
	if (name)
		return re_sdprintf(errorp, "there is no such key; did you"
				   " mean %s?", name);

	return str_dup(errorp, "there is no such key; failover_set by itself"
		       " shows all of them");
}
