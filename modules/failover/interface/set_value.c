/**
 * @file set_value.c  What is wrong with a value that is set at run time
 *
 * A value is decoded by the code that reads it at start. Baresip cuts off a
 * long line at start, so a value is refused here if its line would be too
 * long.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "changes.h"
#include "compat.h"
#include "config_account.h"
#include "foreign.h"
#include "line.h"
#include "page_listen.h"
#include "rewrite_line.h"
#include "set_key.h"
#include "set_servers.h"
#include "set_value.h"
#include "settings.h"


enum {
	LINE_MAX_LEN = COMPAT_ACCOUNT_SIZE - 1, /**< Baresip reads [bytes]   */
	SHOWN_SIZE   = 64,           /**< A longer value is cut off in errors*/
};


/* An error that repeats the value */
static char *refuse(const struct rewrite_change *chg, const char *text)
{
	const size_t len = strlen(chg->val);
	char shown[SHOWN_SIZE];
	char *error = NULL;

	foreign_clean(shown, sizeof(shown), chg->val, len);
	(void)re_sdprintf(&error, "'%s%s'%s", shown,
			  len >= sizeof(shown) ? "..." : "", text);

	return error;
}


static char *setting_error(const struct rewrite_change *chg)
{
	struct settings set;
	char text[128];

	settings_init(&set);

	if (!settings_set(&set, chg->key, chg->val))
		return NULL;

	(void)re_snprintf(text, sizeof(text), " is not %s",
			  settings_allowed(chg->key));

	return refuse(chg, text);
}


static char *switch_error(const struct rewrite_change *chg)
{
	struct pl pl;
	bool on;

	pl_set_str(&pl, chg->val);

	return config_account_decode_switch(&on, &pl) ? NULL :
		refuse(chg, " is not yes or no");
}


static char *server_error(const struct rewrite_change *chg)
{
	const char *why = set_servers_error(chg);
	char text[128];

	if (!why)
		return NULL;

	(void)re_snprintf(text, sizeof(text), ": %s", why);

	return refuse(chg, text);
}


/* Does the key belong into the other file? */
static const char *place_error(const struct line *line, const char *key)
{
	if (line && page_listen_is_key(key))
		return "it is a key of the config file: write * in place of"
			" the account";
	if (!line && (set_servers_is_key(key) || set_key_is_switch(key)))
		return "it is a key of an account: name one in place of *";

	return NULL;
}


/**
 * What is wrong with a key or its value, by themselves
 *
 * @param line Line; NULL: the config file
 * @param chg  Key and value; an empty value removes the key
 *
 * @return What is wrong and what is allowed, part of a sentence, to be
 *         released with mem_deref(); NULL if nothing is wrong
 */
char *set_value_error(const struct line *line,
		      const struct rewrite_change *chg)
{
	const char *text = place_error(line, chg->key);
	char *error = NULL;

	if (text) {
		(void)str_dup(&error, text);
		return error;
	}

	if (set_key_refusal(&error, chg->key) || error)
		return error;

	if (page_listen_is_key(chg->key))
		return page_listen_error(chg);
	if (rewrite_removes(chg))
		return NULL;
	if (set_key_is_switch(chg->key))
		return switch_error(chg);

	return set_servers_is_key(chg->key) ? server_error(chg) :
		setting_error(chg);
}


/* Length of the account line with all its changes */
static ssize_t length(const struct line *line)
{
	const struct pl *params = &account_laddr(line->acc)->params;
	ssize_t n = (ssize_t)line_text(line).l;
	struct le *le;

	for (le = list_head(changes_list()); le; le = le->next) {

		const struct changed *changed = le->data;
		const struct rewrite_change chg = {changed->key, changed->val};
		ssize_t growth;

		if (changed->aor && !strcmp(changed->aor, line_aor(line)) &&
		    !rewrite_line_growth(&growth, params, &chg))
			n += growth;
	}

	return n;
}


/**
 * Is the account line too long with all its changes? One that was too long
 * before may become shorter.
 *
 * @param line Line
 *
 * @return What is wrong and what is allowed, part of a sentence, to be
 *         released with mem_deref(); NULL if nothing is wrong
 */
char *set_value_line_error(const struct line *line)
{
	const size_t max = MAX(line_text(line).l, LINE_MAX_LEN);
	char *error = NULL;

	if (length(line) > (ssize_t)max)
		(void)re_sdprintf(&error, "with it the account line would"
				  " have more than the %u characters that"
				  " Baresip reads", LINE_MAX_LEN);

	return error;
}
