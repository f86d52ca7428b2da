/**
 * @file origin.c  Where the value of a key comes from
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "changes.h"
#include "config.h"
#include "config_account.h"
#include "line.h"
#include "origin.h"


/* An invalid value is not in use */
static bool is_valid(const char *key, const char *val)
{
	struct settings set;

	settings_init(&set);

	return !settings_set(&set, key, val);
}


/* A saved value counts as the file's */
static enum origin of_change(const struct changed *chg, enum origin file,
			     char *val, size_t size)
{
	str_ncpy(val, chg->val, size);

	return chg->saved ? file : ORIGIN_CHANGED;
}


/**
 * The value of a key that an account uses, as it was written
 *
 * @param line Line
 * @param key  Key
 * @param val  Returns the value
 * @param size Size of val
 *
 * @return Where it comes from
 */
enum origin origin_value(const struct line *line, const char *key, char *val,
			 size_t size)
{
	const struct changed *account = changes_find(line_aor(line), key);
	const struct changed *file = changes_find(NULL, key);
	struct pl pl;

	if (account && *account->val)
		return of_change(account, ORIGIN_ACCOUNT, val, size);

	if (!account && config_param(line, key, &pl) &&
	    !pl_strcpy(&pl, val, size) && is_valid(key, val))
		return ORIGIN_ACCOUNT;

	if (file && *file->val)
		return of_change(file, ORIGIN_CONFIG, val, size);

	if (!file && !conf_get_str(conf_cur(), key, val, size) &&
	    is_valid(key, val))
		return ORIGIN_CONFIG;

	str_ncpy(val, settings_default(key), size);

	return ORIGIN_DEFAULT;
}


/**
 * Is the account left alone by its own parameter `failover`?
 *
 * @param line Line
 * @param on   Returns false if it is
 *
 * @return Where that comes from
 */
enum origin origin_switch(const struct line *line, bool *on)
{
	const struct changed *chg = changes_find(line_aor(line), "failover");
	struct pl pl;

	*on = true;

	if (!config_param_now(line, "failover", &pl) ||
	    !config_account_decode_switch(on, &pl)) {
		*on = true;
		return chg && !chg->saved ? ORIGIN_CHANGED : ORIGIN_DEFAULT;
	}

	return chg && !chg->saved ? ORIGIN_CHANGED : ORIGIN_ACCOUNT;
}


/**
 * The word for the origin of a value
 *
 * @param origin Where it comes from
 *
 * @return Static text
 */
const char *origin_name(enum origin origin)
{
	switch (origin) {

	case ORIGIN_DEFAULT: return "default";
	case ORIGIN_CONFIG:  return "config";
	case ORIGIN_ACCOUNT: return "account";
	case ORIGIN_CHANGED: return "changed";
	}

	return "?";
}
