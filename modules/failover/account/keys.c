/**
 * @file keys.c  What Baresip would ignore silently
 *
 * These are unknown keys, the rest of a value after a blank, and server
 * parameters outside the quotes. Each gets a warning, with the likely meaning
 * if there is one.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "keys.h"
#include "settings.h"
#include "word.h"


enum {
	NAME_SIZE = 64,              /**< Keys are shorter than this         */
	LOST_SIZE = 256,             /**< Parameters of one server           */
};

#define PREFIX "failover"
#define BLANKS " \t\r\n"

static const char *const config_keyv[KEYS_PAGE] = {
	[KEYS_LISTEN]   = "failover_http_listen",
	[KEYS_USER]     = "failover_http_user",
	[KEYS_PASSWORD] = "failover_http_password",
	[KEYS_CERT]     = "failover_http_cert",
};

static const char *const account_keyv[] = {
	"failover", "failover_servers", "failover_regint2",
	"failover_regint3", "failover_regint4", "failover_regint5",
	"failover_regint6", "failover_regint7", "failover_regint8",
};

/* SIP URI parameters: RFC 3261 section 19.1.1, and those of Baresip */
static const char *const uri_paramv[] = {
	"transport", "lr", "maddr", "ttl", "user", "method", "comp",
};

static const char *const serverv[] = {
	"outbound", "outbound1", "outbound2", "failover_servers",
};

/** A file with keys, and its keys beside those of settings.c */
struct place {
	const char *name;
	const char *const *keyv;
	size_t keyc;
};

static const struct place config_file = {
	"the config file", config_keyv, RE_ARRAY_SIZE(config_keyv)
};

static const struct place account_line = {
	"an account line", account_keyv, RE_ARRAY_SIZE(account_keyv)
};

/** A name and its value, in the config file or an account line */
struct entry {
	struct pl name;
	struct pl val;               /**< With its quotes                    */
	struct pl rest;              /**< After a blank: ignored             */
};

/** A server, and the parameters written outside its quotes */
struct loss {
	struct pl name;              /**< Of the account's parameter         */
	struct pl uri;
	char lost[LOST_SIZE];        /**< Like ";transport=tls", or empty    */
	bool twice;                  /**< The URI already has one of them    */
};


/**
 * The name of a key of the page
 *
 * @param key Key
 *
 * @return Name
 */
const char *keys_page(enum keys_page key)
{
	return config_keyv[key];
}


static bool is_one_of(const struct pl *name, const char *const *wordv,
		      size_t wordc)
{
	for (size_t i = 0; i < wordc; i++) {
		if (!pl_strcasecmp(name, wordv[i]))
			return true;
	}

	return false;
}


static void skip(struct pl *pl, const char *chars)
{
	while (pl->l && strchr(chars, *pl->p))
		pl_advance(pl, 1);
}


/* Text up to one of these characters outside quotes, as libre reads it */
static struct pl take(struct pl *pl, const char *stops)
{
	struct pl taken = { .p = pl->p, .l = 0 };
	bool quoted = false;

	while (pl->l && (quoted || !strchr(stops, *pl->p))) {
		if (*pl->p == '"')
			quoted = !quoted;
		++taken.l;
		pl_advance(pl, 1);
	}

	return taken;
}


static struct pl unquoted(struct pl val)
{
	if (val.l > 1 && val.p[0] == '"' && val.p[val.l - 1] == '"') {
		val.p += 1;
		val.l -= 2;
	}

	return val;
}


static bool is_ours(const struct pl *name)
{
	const size_t len = strlen(PREFIX);
	const struct pl begin = { .p = name->p, .l = MIN(name->l, len) };

	return !pl_strcasecmp(&begin, PREFIX);
}


static const char *nearer(const char *name, const char *one, const char *two)
{
	return !one || word_distance(name, two) < word_distance(name, one) ?
		two : one;
}


/* The key of this name, or the most similar one */
static const char *nearest(const char *name, const struct place *place)
{
	const char *found = NULL, *key;

	for (size_t i = 0; (key = settings_key(i)); i++)
		found = nearer(name, found, key);

	for (size_t i = 0; i < place->keyc; i++)
		found = nearer(name, found, place->keyv[i]);

	return found;
}


/* Values of our own keys, where nothing else checks them */
static void check_value(const char *where, const struct entry *entry)
{
	const bool secret = !re_regex(entry->name.p, entry->name.l,
				      "password");

	if (!entry->val.l)
		warning("failover: %s: %r has no value\n", where,
			&entry->name);
	else if (entry->rest.l && secret)
		warning("failover: %s: a blank ends the value of %r; put it"
			" in quotes\n", where, &entry->name);
	else if (entry->rest.l)
		warning("failover: %s: a blank ends the value of %r, '%r' is"
			" ignored; put all of it in quotes\n", where,
			&entry->name, &entry->rest);
}


static bool is_known(const char *where, const struct pl *pl,
		     const struct place *place, const struct place *other)
{
	char name[NAME_SIZE];
	const char *key;

	(void)pl_strcpy(pl, name, sizeof(name));
	key = nearest(name, place);

	if (!pl_strcasecmp(pl, key))
		return true;

	if (is_one_of(pl, other->keyv, other->keyc))
		warning("failover: %s: %r has to stand in %s\n", where, pl,
			other->name);
	else
		warning("failover: %s: there is no key %r; did you mean %s?"
			"\n", where, pl, key);

	return false;
}


/* Almost a server's name. A less similar one may be another module's */
static void check_server_name(const char *where, const struct pl *pl)
{
	enum { TYPO_MAX = 2 };
	char name[NAME_SIZE];
	const char *key;

	if (pl_strcpy(pl, name, sizeof(name)))
		return;

	key = nearer(name, "outbound2", "outbound");

	if (pl->l == strlen("outboundN") && !strncmp(name, "outbound", 8) &&
	    pl->p[8] >= '3' && pl->p[8] <= '9')
		warning("failover: %s: there is no key %r; servers 3 and more"
			" stand in failover_servers=\"sip:...,sip:...\"\n", where,
			pl);
	else if (word_distance(name, key) <= TYPO_MAX)
		warning("failover: %s: there is no key %r; did you mean %s?"
			"\n", where, pl, key);
}


static int config_handler(const struct pl *line, void *arg)
{
	struct entry entry;
	struct pl pl = *line;
	(void)arg;

	skip(&pl, BLANKS);
	entry.name = take(&pl, BLANKS);
	if (!is_ours(&entry.name))
		return 0;

	skip(&pl, BLANKS);
	entry.val = take(&pl, BLANKS);
	skip(&pl, BLANKS);
	entry.rest = pl;

	while (entry.rest.l && strchr(BLANKS, pl.p[entry.rest.l - 1]))
		--entry.rest.l;
	if (entry.rest.l && *entry.rest.p == '#')
		entry.rest.l = 0;

	if (is_known("config", &entry.name, &config_file, &account_line))
		check_value("config", &entry);

	return 0;
}


/**
 * Warn of what Baresip ignores in the config file
 */
void keys_check_config(void)
{
	char path[256], file[300];

	if (conf_path_get(path, sizeof(path)) ||
	    re_snprintf(file, sizeof(file), "%s/config", path) < 0)
		return;

	/* a configuration in memory has no file to read */
	(void)conf_parse(file, config_handler, NULL);
}


/* The next parameter, as msg_param_decode() finds it */
static bool next_param(struct pl *params, struct entry *entry)
{
	(void)take(params, ";");
	if (!params->l)
		return false;

	pl_advance(params, 1);
	skip(params, BLANKS);
	entry->name = take(params, BLANKS ";=");
	skip(params, BLANKS);
	entry->val  = pl_null;
	entry->rest = pl_null;

	if (params->l && *params->p == '=') {
		pl_advance(params, 1);
		skip(params, BLANKS);
		entry->val = take(params, BLANKS ";");
	}

	skip(params, BLANKS);
	entry->rest = take(params, ";");

	return true;
}


static void report_loss(const char *name, const struct loss *loss)
{
	if (!loss->lost[0])
		return;

	if (!loss->name.l || loss->twice)
		warning("failover: %s: '%s' stands outside the quotes of a"
			" server and is ignored\n", name, loss->lost);
	else
		warning("failover: %s: '%s' stands outside the quotes and is"
			" ignored; write %r=\"%r%s\"\n", name, loss->lost,
			&loss->name, &loss->uri, loss->lost);
}


static void add_loss(struct loss *loss, const struct entry *entry)
{
	const size_t len = strlen(loss->lost);
	char name[NAME_SIZE];
	struct pl pl;

	if (pl_strcpy(&entry->name, name, sizeof(name)))
		return;

	if (!msg_param_exists(&loss->uri, name, &pl))
		loss->twice = true;

	(void)re_snprintf(loss->lost + len, sizeof(loss->lost) - len,
			  entry->val.l ? ";%r=%r" : ";%r", &entry->name,
			  &entry->val);
}


/* Server parameters outside the quotes, or after a URI without quotes */
static void check_servers(const char *name, struct pl params)
{
	struct loss loss;
	struct entry entry;

	memset(&loss, 0, sizeof(loss));

	while (next_param(&params, &entry)) {

		if (is_one_of(&entry.name, uri_paramv,
			      RE_ARRAY_SIZE(uri_paramv))) {
			add_loss(&loss, &entry);
		}
		else if (is_one_of(&entry.name, serverv,
				   RE_ARRAY_SIZE(serverv))) {
			report_loss(name, &loss);
			memset(&loss, 0, sizeof(loss));
			loss.name = entry.name;
			loss.uri  = unquoted(entry.val);
		}
	}

	report_loss(name, &loss);
}


/**
 * Warn of what Baresip ignores in an account line
 *
 * @param name   The account's name for the user
 * @param params Parameters of the account line
 */
void keys_check_account(const char *name, const struct pl *params)
{
	struct pl pl = *params;
	struct entry entry;

	while (next_param(&pl, &entry)) {

		if (!is_ours(&entry.name) && !is_one_of(
			    &entry.name, serverv, RE_ARRAY_SIZE(serverv))) {
			check_server_name(name, &entry.name);
			continue;
		}

		if (is_ours(&entry.name) &&
		    !is_known(name, &entry.name, &account_line, &config_file))
			continue;

		/* config.c warns of a key without a value */
		if (entry.rest.l)
			check_value(name, &entry);
	}

	check_servers(name, *params);
}
