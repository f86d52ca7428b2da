/**
 * @file set_key.c  Keys that cannot be changed at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
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
	{"failover_http_",   "it is read at start; write it into the file"
			     " config and start Baresip anew"},
	{"failover_regint",  "expiries are regint and failover_regint2 to"
			     " failover_regint8"},
	{"failover_servers", "servers are server1 to server8"},
	{"outbound",         "servers are server1 to server8"},
	{"server",           "servers are server1 to server8"},
};


static const char *instead(const char *key)
{
	if (!strcmp(key, "failover"))
		return "it is read at start; write it into the account line"
			" and start Baresip anew";

	for (size_t i = 0; i < RE_ARRAY_SIZE(insteadv); i++) {

		const char *begin = insteadv[i].begin;

		if (!strncmp(key, begin, strlen(begin)))
			return insteadv[i].text;
	}

	return NULL;
}


static const char *nearest(const char *key)
{
	const char *found = NULL, *name;
	unsigned least = TYPO_MAX + 1;

	for (size_t i = 0; (name = settings_key(i)); i++) {

		const unsigned n = word_distance(key, name);

		if (n < least) {
			least = n;
			found = name;
		}
	}

	return found;
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

	if (settings_allowed(key) || set_servers_is_key(key))
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
