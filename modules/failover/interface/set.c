/**
 * @file set.c  Changes settings at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "changes.h"
#include "config.h"
#include "line.h"
#include "servers.h"
#include "set.h"
#include "set_key.h"
#include "set_servers.h"
#include "targets.h"


/** A change under way, and the value to restore */
struct change {
	struct rewrite_change to;
	struct changed *old;         /**< NULL: nothing                      */
};


/* Uses the code that reads the value at start. An empty value removes the
   key */
static char *setting_error(const struct rewrite_change *chg)
{
	struct settings set;
	char *error = NULL;

	settings_init(&set);

	if (!rewrite_removes(chg) && settings_set(&set, chg->key, chg->val))
		(void)re_sdprintf(&error, "'%s' is not %s", chg->val,
				  settings_allowed(chg->key));

	return error;
}


static char *server_error(const struct line *line,
			  const struct rewrite_change *chg)
{
	const char *text = set_servers_error(chg);
	char *error = NULL;

	if (!line)
		(void)re_sdprintf(&error, "it is a key of an account: name one in place of *");
	else if (text)
		(void)re_sdprintf(&error, "'%s': %s", chg->val, text);

	return error;
}


static bool is_valid(const struct line *line,
		     const struct rewrite_change *chg, set_error_h *errorh,
		     void *arg)
{
	char *error;

	if (set_key_refusal(&error, chg->key))
		return false;

	if (!error)
		error = set_servers_is_key(chg->key) ?
			server_error(line, chg) : setting_error(chg);
	if (!error)
		return true;

	errorh(chg->key, error, arg);
	mem_deref(error);

	return false;
}


/* Two accounts may have the same address */
static void apply(const char *aor)
{
	struct le *le;

	if (!aor)
		config_changed();

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged &&
		    (!aor || !strcmp(aor, line_aor(line))))
			accounts_reconfigure(line);
	}
}


/**
 * Does this setting change the servers of an account?
 *
 * @param key Key
 *
 * @return True if it does
 */
bool set_changes_servers(const char *key)
{
	return !strcmp(key, "failover_srv");
}


static void read_servers_again(const struct rewrite_change *changev,
			       size_t changec)
{
	for (size_t i = 0; i < changec; i++) {
		if (set_changes_servers(changev[i].key))
			targets_read_again();
	}
}


static int do_change(struct change *chg, const char *aor)
{
	const char *val = chg->to.val ? chg->to.val : "";

	chg->old = mem_ref(changes_find(aor, chg->to.key));

	return changes_set(aor, chg->to.key, val);
}


/* Report what libre or Baresip would report at start */
static void tell_refusal(const struct line *trial, set_error_h *errorh,
			 void *arg)
{
	char key[16];

	(void)re_snprintf(key, sizeof(key), "server%u",
			  trial->serverc ? trial->serverc : PRIMARY);
	errorh(key, trial->unmanaged ? trial->unmanaged : "", arg);
}


/* The servers of an unmanaged account may come one by one */
static int adopt(struct line *line, unsigned serverc, set_error_h *errorh,
		 void *arg)
{
	struct line *trial = NULL;
	int err;

	if (line->unmanaged && serverc < 2) {
		targets_read_again();
		return 0;
	}

	err = servers_try(&trial, line);
	if (!err)
		servers_adopt(line, trial, false);
	else if (err == EINVAL && !trial->pending)
		tell_refusal(trial, errorh, arg);

	if (err == EINVAL && trial->pending) {
		servers_wait(line, trial);
		err = 0;
	}

	mem_deref(trial);

	return err;
}


static void adopt_others(const struct line *line)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *other = le->data, *trial = NULL;

		if (other == line || strcmp(line_aor(other), line_aor(line)))
			continue;

		if (!servers_try(&trial, other))
			servers_adopt(other, trial, false);
		mem_deref(trial);
	}
}


static size_t collect(struct change *chgv,
		      const struct rewrite_change *changev, size_t changec,
		      const struct set_servers *servers)
{
	size_t n = 0;

	for (size_t i = 0; i < changec; i++) {
		if (!set_servers_is_key(changev[i].key))
			chgv[n++].to = changev[i];
	}

	for (size_t i = 0; i < servers->changec; i++)
		chgv[n++].to = servers->changev[i];

	return n;
}


/**
 * Change values of an account, or those of the config file, at once. All of
 * them are applied or, if one is wrong, none. Calls go on. The registration
 * also goes on, unless the server in use changes.
 *
 * @param line    Line; NULL: the config file, for all accounts without a value
 *                of their own
 * @param changev Keys and values; an empty value removes a key
 * @param changec Number of them
 * @param errorh  Called for each value that is wrong
 * @param arg     Handler argument
 *
 * @return 0 if success, EINVAL if a value is wrong, otherwise errorcode
 */
int set_values(struct line *line, const struct rewrite_change *changev,
	       size_t changec, set_error_h *errorh, void *arg)
{
	const char *aor = line ? line_aor(line) : NULL;
	struct set_servers servers = { .changec = 0 };
	struct change *chgv;
	size_t n = 0, done = 0;
	bool ok = true;
	int err = 0;

	for (size_t i = 0; i < changec; i++)
		ok &= is_valid(line, &changev[i], errorh, arg);

	if (!ok)
		return EINVAL;

	chgv = mem_zalloc((changec + SET_SERVERS_PARAMS) * sizeof(*chgv),
			  NULL);
	if (!chgv)
		return ENOMEM;

	if (line)
		err = set_servers_params(&servers, line, changev, changec);
	if (!err)
		n = collect(chgv, changev, changec, &servers);

	while (done < n && !err)
		err = do_change(&chgv[done++], aor);

	if (!err && servers.changec)
		err = adopt(line, servers.serverc, errorh, arg);

	for (size_t i = done; err && i > 0; i--)
		changes_restore(aor, chgv[i - 1].to.key, chgv[i - 1].old);

	for (size_t i = 0; !err && i < done; i++)
		mem_deref(chgv[i].old);

	if (!err) {
		apply(aor);
		if (servers.changec)
			adopt_others(line);
		read_servers_again(changev, changec);
	}

	set_servers_reset(&servers);
	mem_deref(chgv);

	return err;
}
