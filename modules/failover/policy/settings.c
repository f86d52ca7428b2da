/**
 * @file settings.c  Keys of the config file and of an account line
 *
 * One table holds everything about a key: its name, the place of its value,
 * its default and the allowed values. A new key is a new line here and a field
 * in struct settings.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "settings.h"


enum type {
	NUMBER,                      /**< Decimal number, min to max         */
	CHOICE,                      /**< One of the words in `words`        */
	CODES,                       /**< Comma-separated status codes       */
};

struct key {
	const char *name;
	size_t offset;               /**< Of the field in struct settings    */
	enum type type;
	uint32_t min;
	uint32_t max;
	const char *words[3];        /**< CHOICE: the words, index is value  */
	const char *dflt;
	const char *allowed;         /**< For the user                       */
};

#define FIELD(f) offsetof(struct settings, f)
#define WORDS(a, b) 0, 1, {a, b, NULL}
#define RANGE(a, b) a, b, {NULL, NULL, NULL}

static const struct key keyv[] = {
{"failover_retries",           FIELD(retries),             NUMBER,
	RANGE(0, 10),              "3",        "a number from 0 to 10"},
{"failover_timeout",           FIELD(timeout_s),           NUMBER,
	RANGE(0, 31),              "0",        "0 to 31 seconds"},
{"failover_failback",          FIELD(failback),            CHOICE,
	WORDS("no", "yes"),        "yes",      "yes or no"},
{"failover_failback_interval", FIELD(failback_interval_s), NUMBER,
	RANGE(1, 86400),           "1800",     "1 to 86400 seconds"},
{"failover_failback_jitter",   FIELD(failback_jitter),     NUMBER,
	RANGE(0, 100),             "10",       "0 to 100 percent"},
{"failover_probe",             FIELD(probe),               CHOICE,
	WORDS("register", "options"), "register", "register or options"},
{"failover_keepalive",         FIELD(keepalive_s),         NUMBER,
	RANGE(0, 3600),            "0",        "0 to 3600 seconds"},
{"failover_codes",             FIELD(codes),               CODES,
	RANGE(300, 699),           "408,500,502,503,504",
	"status codes from 300 to 699, separated by commas"},
{"failover_call_codes",        FIELD(call_codes),          CODES,
	RANGE(300, 699),           "503",
	"status codes from 300 to 699, separated by commas"},
{"failover_rise",              FIELD(rise),                NUMBER,
	RANGE(1, 10),              "1",        "a number from 1 to 10"},
{"failover_fall",              FIELD(fall),                NUMBER,
	RANGE(1, 10),              "1",        "a number from 1 to 10"},
{"failover_flow",              FIELD(flow),                CHOICE,
	WORDS("no", "yes"),        "yes",      "yes or no"},
{"failover_tcp_keepalive",     FIELD(tcp_keepalive_s),     NUMBER,
	RANGE(0, 3600),            "60",       "0 to 3600 seconds"},
{"failover_srv",               FIELD(srv),                 CHOICE,
	WORDS("no", "yes"),        "yes",      "yes or no"},
{"failover_standby",           FIELD(standby),             CHOICE,
	WORDS("no", "yes"),        "no",       "yes or no"},
};

enum {
	NUM_KEYS = sizeof(keyv) / sizeof(keyv[0]),
};


static const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < NUM_KEYS; i++) {
		if (!strcmp(keyv[i].name, name))
			return &keyv[i];
	}

	return NULL;
}


/* Decimal digits up to a terminator and nothing else */
static int number_parse(uint32_t *v, const char *s, const char **endp,
			const struct key *key)
{
	char *end;
	unsigned long n;

	if (*s < '0' || *s > '9')
		return EINVAL;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (errno || n < key->min || n > key->max)
		return EINVAL;

	*v = (uint32_t)n;
	*endp = end;

	return 0;
}


static int codes_parse(struct codes *codes, const char *s,
		       const struct key *key)
{
	struct codes c = { .n = 0 };

	for (;;) {
		uint32_t v;

		while (*s == ' ')
			++s;

		if (c.n == SETTINGS_MAX_CODES || number_parse(&v, s, &s, key))
			return EINVAL;

		c.v[c.n++] = (uint16_t)v;

		while (*s == ' ')
			++s;

		if (!*s)
			break;

		if (*s++ != ',')
			return EINVAL;
	}

	*codes = c;

	return 0;
}


/**
 * Set every key to its default
 *
 * @param set Settings
 */
void settings_init(struct settings *set)
{
	memset(set, 0, sizeof(*set));

	for (size_t i = 0; i < NUM_KEYS; i++)
		(void)settings_set(set, keyv[i].name, keyv[i].dflt);
}


/**
 * Set one key from its text. On error the value is unchanged.
 *
 * @param set Settings
 * @param key Full name of the key
 * @param val Value as written by the user
 *
 * @return 0 if success, ENOENT for an unknown key, EINVAL for a value that
 *         is not of its form
 */
int settings_set(struct settings *set, const char *key, const char *val)
{
	const struct key *k = key_find(key);
	const char *end;
	uint32_t v = 0;
	void *field;

	if (!k)
		return ENOENT;
	if (strlen(val) >= SETTINGS_TEXT_SIZE)
		return EINVAL;

	field = (char *)set + k->offset;

	switch (k->type) {

	case NUMBER:
		if (number_parse(&v, val, &end, k) || *end)
			return EINVAL;
		break;

	case CHOICE:
		while (k->words[v] && strcasecmp(k->words[v], val))
			++v;
		if (!k->words[v])
			return EINVAL;
		break;

	case CODES:
		return codes_parse(field, val, k);
	}

	*(uint32_t *)field = v;

	return 0;
}


/**
 * The values that a key may have, as text for the user
 *
 * @param key Full name of the key
 *
 * @return Static text, NULL for an unknown key
 */
const char *settings_allowed(const char *key)
{
	const struct key *k = key_find(key);

	return k ? k->allowed : NULL;
}


/**
 * The default of a key, as written in the config file
 *
 * @param key Full name of the key
 *
 * @return Static text, NULL for an unknown key
 */
const char *settings_default(const char *key)
{
	const struct key *k = key_find(key);

	return k ? k->dflt : NULL;
}


/**
 * Names of all keys, one by one
 *
 * @param i Index from 0
 *
 * @return Static text, NULL after the last
 */
const char *settings_key(size_t i)
{
	return i < NUM_KEYS ? keyv[i].name : NULL;
}


/**
 * Is a status code in a list?
 *
 * @param codes List of status codes
 * @param scode Status code of an answer
 *
 * @return True if it is
 */
bool settings_has_code(const struct codes *codes, uint16_t scode)
{
	for (size_t i = 0; i < codes->n; i++) {
		if (codes->v[i] == scode)
			return true;
	}

	return false;
}
