/**
 * @file command_change.c  Commands that change settings and save them
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "command_change.h"
#include "command_param.h"
#include "keys.h"
#include "line.h"
#include "origin.h"
#include "page_listen.h"
#include "save.h"
#include "set.h"


enum {
	VALUE_SIZE = 512,
};


static int print_keys(struct re_printf *pf, const void *arg)
{
	const char *key;
	int err = 0;
	(void)arg;

	for (size_t i = 0; (key = settings_key(i)); i++)
		err |= re_hprintf(pf, "%s%s", i ? ", " : "", key);

	err |= re_hprintf(pf, "; with *");
	for (enum keys_page i = KEYS_LISTEN; i < KEYS_PAGE; i++)
		err |= re_hprintf(pf, "%s %s", i ? "," : "", keys_page(i));

	return err | re_hprintf(pf, "; of an account failover, server1 to"
				" server%u, regint, failover_regint2 to"
				" failover_regint%u", MAX_SERVERS,
				MAX_SERVERS);
}


static void print_error(const char *key, const char *error, void *arg)
{
	struct re_printf *pf = arg;

	(void)re_hprintf(pf, "failover: %s: %s\n", key, error);
}


/* Print the accounts whose own value overrides the config file */
static int print_own(struct re_printf *pf, const char *key, const char *val)
{
	char own[VALUE_SIZE];
	struct le *le;
	int err = 0;

	if (page_listen_is_key(key))
		return 0;

	for (le = list_head(line_list()); le; le = le->next) {

		const struct line *line = le->data;

		(void)origin_value(line, key, own, sizeof(own));

		if (!line->unmanaged && *val && strcmp(own, val))
			err |= re_hprintf(pf, "%s has %s of its own\n",
					  line_name(line), own);
	}

	return err;
}


/**
 * Command: change a setting
 *
 * @param pf  Print function
 * @param arg Parameters: account or *, key, value
 *
 * @return 0 if success, otherwise errorcode
 */
int command_change_set(struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	const struct pl aor = command_param_word(&p);
	const struct pl name = command_param_word(&p);
	struct rewrite_change chg = {0};
	const char *who = "config", *is;
	struct line *line = NULL;
	char *key = NULL;
	int err = 0;

	accounts_scan();

	if (!name.l) {
		(void)re_hprintf(pf, "failover: failover_set <aor|*> <key>"
				 " <value>; key: %H\n", print_keys, NULL);
		return EINVAL;
	}

	err = pl_strdup(&key, &name);
	if (err)
		return err;

	if (pl_strcmp(&aor, "*"))
		err = set_is_for_unmanaged(key) ?
			command_param_find(&line, pf, &aor) :
			command_param_managed(&line, pf, &aor);
	if (err)
		goto out;

	while (*p == ' ')
		++p;

	chg.key = key;
	chg.val = p;
	is = !*p ? "removed" : page_listen_is_secret(key) ? "changed" : p;
	if (line)
		who = line_name(line);

	err = set_values(line, &chg, 1, print_error, pf);
	if (err)
		goto out;

	info("failover: %s: %s %s\n", who, key, is);

	err = re_hprintf(pf, "%s: %s %s; failover_save writes it\n", who, key,
			 is);
	if (!line)
		err |= print_own(pf, key, p);

 out:
	mem_deref(key);

	return err;
}


static int named(struct line **linep, struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	const struct pl aor = command_param_word(&p);

	accounts_scan();
	save_reread();

	*linep = NULL;

	return aor.l ? command_param_find(linep, pf, &aor) : 0;
}


/**
 * Command: write the changes to the files
 *
 * @param pf  Print function
 * @param arg Parameters: account, or none for all
 *
 * @return 0 if success, otherwise errorcode
 */
int command_change_save(struct re_printf *pf, void *arg)
{
	struct line *line;
	const int err = named(&line, pf, arg);

	return err ? err : save_write(pf, line);
}


/**
 * Command: show what save would write
 *
 * @param pf  Print function
 * @param arg Parameters: account, or none for all
 *
 * @return 0 if success, otherwise errorcode
 */
int command_change_diff(struct re_printf *pf, void *arg)
{
	struct line *line;
	const int err = named(&line, pf, arg);

	return err ? err : save_print_diff(pf, line);
}
