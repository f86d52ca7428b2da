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
#include "config_account.h"
#include "line.h"
#include "page_listen.h"
#include "servers.h"
#include "set.h"
#include "set_key.h"
#include "set_servers.h"
#include "set_value.h"
#include "targets.h"


/** A change under way, and the value to restore */
struct change {
	struct rewrite_change to;
	struct changed *old;         /**< NULL: nothing                      */
};


/** All that is changed at once */
struct set {
	struct line *line;           /**< NULL: the config file              */
	const struct rewrite_change *changev;
	size_t changec;
	set_error_h *errorh;
	void *arg;
	bool has_switch;             /**< failover= is one of the keys       */
	struct set_servers servers;
	struct change *v;            /**< What changes in the file           */
	size_t n;
	size_t done;
};


static void destructor(void *arg)
{
	struct set *set = arg;

	for (size_t i = 0; i < set->done; i++)
		mem_deref(set->v[i].old);

	set_servers_reset(&set->servers);
	mem_deref(set->v);
}


static bool is_valid(const struct set *set, const struct rewrite_change *chg)
{
	char *error = set_value_error(set->line, chg);

	if (!error)
		return true;

	set->errorh(chg->key, error, set->arg);
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


static bool is_srv(const char *key)
{
	return !strcmp(key, "failover_srv");
}


/**
 * Can a key be set for an account that is not managed?
 *
 * @param key Key
 *
 * @return True if it can
 */
bool set_is_for_unmanaged(const char *key)
{
	return is_srv(key) || set_key_is_switch(key) ||
		set_servers_is_key(key);
}


static bool has_key(const struct set *set, bool (*is)(const char *key))
{
	for (size_t i = 0; i < set->changec; i++) {
		if (is(set->changev[i].key))
			return true;
	}

	return false;
}


/* Manage the accounts of this address, or let them go */
static void read_accounts_again(const char *aor)
{
	struct le *le = list_head(line_list());

	while (le) {

		struct line *line = le->data;

		le = le->next;
		if (!strcmp(line_aor(line), aor))
			targets_read(line);
	}
}


static int do_change(struct change *chg, const char *aor)
{
	const char *val = chg->to.val ? chg->to.val : "";

	chg->old = mem_ref(changes_find(aor, chg->to.key));

	return changes_set(aor, chg->to.key, val);
}


static bool is_turned_off(const struct line *trial)
{
	return trial->unmanaged && !strcmp(trial->unmanaged, "failover=no");
}


/* Does the change only take failover=... away again? */
static bool is_undone(const struct set *set)
{
	return set->changec == 1 && set->has_switch &&
		rewrite_removes(set->changev);
}


/* What the user can do about it */
static const char *advice(const struct line *trial)
{
	if (is_turned_off(trial))
		return "; set failover to yes before, or with it";

	/* Baresip has no registration for it, and cannot add one later */
	if (!account_regint(trial->acc))
		return "; change that in the accounts file and start Baresip"
			" again";

	return "";
}


/* Report what libre or Baresip would report at start */
static void tell_refusal(const struct set *set, const struct line *trial)
{
	char key[16], text[512];

	(void)re_snprintf(key, sizeof(key), "server%u", trial->serverc);
	(void)re_snprintf(text, sizeof(text), "%s%s", trial->unmanaged,
			  advice(trial));

	set->errorh(trial->serverc ? key : set->changev[0].key, text,
		    set->arg);
}


/* The servers of an unmanaged account may come one by one. An account that is
   turned off is let go at the end. */
static int adopt(const struct set *set)
{
	struct line *line = set->line, *trial = NULL;
	int err;

	if (line->unmanaged && set->servers.serverc < 2) {
		targets_read_again();
		return 0;
	}

	err = servers_try(&trial, line);
	if (!err)
		servers_adopt(line, trial, false);

	if (err == EINVAL && trial->pending) {
		servers_wait(line, trial);
		err = 0;
	}
	else if (err == EINVAL && ((is_turned_off(trial) &&
				    set->has_switch) || is_undone(set))) {
		err = 0;
	}
	else if (err == EINVAL) {
		tell_refusal(set, trial);
	}

	mem_deref(trial);

	return err;
}


static int serve_page(const struct set *set)
{
	const char *key = NULL;
	char *error = NULL;
	int err;

	err = page_listen_change(&key, &error);
	if (err)
		set->errorh(key, error ? error : "no memory", set->arg);

	mem_deref(error);

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


/* What changes in the file: the user's servers are parameters there */
static int collect(struct set *set)
{
	int err;

	set->v = mem_zalloc((set->changec + SET_SERVERS_PARAMS) *
			    sizeof(*set->v), NULL);
	if (!set->v)
		return ENOMEM;

	for (size_t i = 0; i < set->changec; i++) {
		if (!set_servers_is_key(set->changev[i].key))
			set->v[set->n++].to = set->changev[i];
	}

	if (!set->line)
		return 0;

	err = set_servers_params(&set->servers, set->line, set->changev,
				 set->changec);

	for (size_t i = 0; i < set->servers.changec && !err; i++)
		set->v[set->n++].to = set->servers.changev[i];

	return err;
}


/* The change to blame if all of them are too long */
static const char *longest(const struct set *set)
{
	const char *key = set->changev[0].key;
	size_t most = 0;

	for (size_t i = 0; i < set->changec; i++) {

		const struct rewrite_change *chg = &set->changev[i];

		if (chg->val && strlen(chg->val) > most) {
			key  = chg->key;
			most = strlen(chg->val);
		}
	}

	return key;
}


static int check_line(const struct set *set)
{
	char *error = set_value_line_error(set->line);

	if (!error)
		return 0;

	set->errorh(longest(set), error, set->arg);
	mem_deref(error);

	return EINVAL;
}


/* Make the changes, and see whether they can be used */
static int try(struct set *set)
{
	const char *aor = set->line ? line_aor(set->line) : NULL;
	int err = 0;

	while (set->done < set->n && !err)
		err = do_change(&set->v[set->done++], aor);

	if (!err && set->line)
		err = check_line(set);
	if (!err && set->line && (set->servers.changec || set->has_switch))
		err = adopt(set);
	if (!err && has_key(set, page_listen_is_key))
		err = serve_page(set);

	return err;
}


static void undo(struct set *set)
{
	const char *aor = set->line ? line_aor(set->line) : NULL;

	while (set->done) {

		struct change *chg = &set->v[--set->done];

		changes_restore(aor, chg->to.key, chg->old);
	}
}


/* The changes hold */
static void finish(struct set *set)
{
	const char *aor = set->line ? line_aor(set->line) : NULL;

	apply(aor);
	if (set->servers.changec)
		adopt_others(set->line);
	if (has_key(set, is_srv))
		targets_read_again();
	if (aor && set->has_switch)
		read_accounts_again(aor);
}


/**
 * Change values of an account, or those of the config file, at once. All of
 * them are applied or, if one is wrong, none. Calls go on. The registration
 * also goes on, unless the server in use changes.
 *
 * @param line    Line; NULL: the config file, for all accounts without a value
 *                of their own. It is freed if the account is let go.
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
	struct set *set;
	bool ok = true;
	int err;

	set = mem_zalloc(sizeof(*set), destructor);
	if (!set)
		return ENOMEM;

	set->line    = line;
	set->changev = changev;
	set->changec = changec;
	set->errorh  = errorh;
	set->arg     = arg;
	set->has_switch = has_key(set, set_key_is_switch);

	for (size_t i = 0; i < changec; i++)
		ok &= is_valid(set, &changev[i]);

	err = ok ? collect(set) : EINVAL;
	if (!err)
		err = try(set);
	if (err)
		undo(set);
	else
		finish(set);

	mem_deref(set);

	return err;
}
