/**
 * @file config.c  The settings, from the config file and account lines
 *
 * A wrong value gets one log line, with the key, the value and what is
 * allowed. The default is used.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <strings.h>
#include "changes.h"
#include "config.h"
#include "keys.h"
#include "line.h"
#include "settings.h"


enum {
	RWAIT_DEFAULT = 90,          /**< libre's, of the expiry [%]         */
	RWAIT_MIN     = 5,
	RWAIT_MAX     = 95,
};

static struct settings config;   /**< From the config file, for all accounts */
static struct conf *conf;        /**< Where they come from, referenced       */


/* libre's search for a parameter is slow, and most are not there */
static bool is_mentioned(const struct pl *params, const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i + len <= params->l; i++) {
		if ((params->p[i] | 0x20) == (name[0] | 0x20) &&
		    !strncasecmp(params->p + i, name, len))
			return true;
	}

	return false;
}


/**
 * A parameter of the account line
 *
 * @param line Line
 * @param name Name of the parameter
 * @param val  Its value, part of the account; empty if it has none
 *
 * @return True if the account line has it
 */
bool config_param(const struct line *line, const char *name, struct pl *val)
{
	const struct pl *params = &account_laddr(line->acc)->params;
	struct pl end;

	if (!is_mentioned(params, name)) {
		*val = pl_null;
		return false;
	}

	if (!msg_param_decode(params, name, val))
		return true;

	*val = pl_null;

	return !msg_param_exists(params, name, &end);
}


/* A changed value overrides the file */
static void read_config_key(const char *key, bool warn)
{
	const struct changed *chg = changes_find(NULL, key);
	char val[SETTINGS_TEXT_SIZE];
	int err;

	if (chg) {
		(void)settings_set(&config, key, *chg->val ? chg->val :
				   settings_default(key));
		return;
	}

	err = conf_get_str(conf_cur(), key, val, sizeof(val));
	if (err == ENOENT)
		return;

	if (err)
		str_ncpy(val, "...", sizeof(val));      /* it is too long */

	if (settings_set(&config, key, val) && warn)
		warning("failover: config: %s '%s' is not %s, using %s\n",
			key, val, settings_allowed(key),
			settings_default(key));
}


static void read_config(bool warn)
{
	const char *key;

	settings_init(&config);

	for (size_t i = 0; (key = settings_key(i)); i++)
		read_config_key(key, warn);

	if (warn)
		keys_check_config();
}


/**
 * Read the config file
 */
void config_open(void)
{
	conf = mem_ref(conf_cur());
	read_config(true);
}


/**
 * Read the config file again if Baresip has done so, by its command
 * `conf_reload`. Baresip reports no event, but it makes a new object. Its
 * address differs from that of the old one, since we keep a reference to that.
 *
 * @return True if it was read again
 */
bool config_reread(void)
{
	if (!conf_cur() || conf_cur() == conf)
		return false;

	config_close();
	changes_forget_saved(NULL);
	config_open();

	return true;
}


/** Release the config file */
void config_close(void)
{
	conf = mem_deref(conf);
}


static void read_account_key(struct line *line, const char *key, bool warn)
{
	const struct changed *chg = changes_find(line_aor(line), key);
	char val[SETTINGS_TEXT_SIZE];
	struct pl pl;

	if (chg) {
		if (*chg->val)
			(void)settings_set(&line->set, key, chg->val);
		return;
	}

	if (!config_param(line, key, &pl))
		return;

	if ((pl_strcpy(&pl, val, sizeof(val)) ||
	     settings_set(&line->set, key, val)) && warn)
		warning("failover: %s: %s '%r' is not %s, using the"
			" config's value\n", line_name(line), key, &pl,
			settings_allowed(key));
}


/**
 * Read the settings of an account, with the changes
 *
 * @param line Line
 * @param warn True to warn of wrong values
 */
void config_read(struct line *line, bool warn)
{
	const char *key;

	line->set = config;

	for (size_t i = 0; (key = settings_key(i)); i++)
		read_account_key(line, key, warn);
}


/**
 * Values were changed: use those of the config file. config_apply() does this
 * for an account.
 */
void config_changed(void)
{
	read_config(false);
}


/**
 * The config file was read: use its values for a managed account
 *
 * @param line Line
 */
void config_apply(struct line *line)
{
	config_read(line, false);
}


/**
 * libre refreshes a binding after this part of the granted time
 *
 * @param line Line
 *
 * @return Part [%]
 */
uint32_t config_rwait(const struct line *line)
{
	struct pl pl;

	if (!config_param(line, "rwait", &pl) || !pl_u32(&pl))
		return RWAIT_DEFAULT;

	return MIN(MAX(pl_u32(&pl), RWAIT_MIN), RWAIT_MAX);
}


/**
 * A parameter of the account line, or the value it was changed to
 *
 * @param line Line
 * @param name Name of the parameter
 * @param val  Its value, part of the account or of the change
 *
 * @return True if it is there
 */
bool config_param_now(const struct line *line, const char *name,
		      struct pl *val)
{
	const struct changed *chg = changes_find(line_aor(line), name);

	if (!chg)
		return config_param(line, name, val);

	pl_set_str(val, chg->val);

	return val->l != 0;
}
