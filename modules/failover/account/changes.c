/**
 * @file changes.c  Values that were changed at run time
 *
 * They override the account line and the config file, until Baresip reads the
 * file again with these values saved in it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "changes.h"


static struct list changel;


static void destructor(void *arg)
{
	struct changed *chg = arg;

	list_unlink(&chg->le);
	mem_deref(chg->aor);
	mem_deref(chg->key);
	mem_deref(chg->val);
}


static bool is_of(const struct changed *chg, const char *aor)
{
	return aor ? chg->aor && !strcmp(chg->aor, aor) : !chg->aor;
}


/**
 * A value that was changed
 *
 * @param aor Account; NULL: the config file's
 * @param key Key
 *
 * @return The change, NULL if there is none
 */
struct changed *changes_find(const char *aor, const char *key)
{
	struct le *le;

	for (le = list_head(&changel); le; le = le->next) {

		struct changed *chg = le->data;

		if (is_of(chg, aor) && !strcmp(chg->key, key))
			return chg;
	}

	return NULL;
}


/**
 * All values that were changed
 *
 * @return List of struct changed, in the order of the changes
 */
struct list *changes_list(void)
{
	return &changel;
}


/**
 * Change a value
 *
 * @param aor Account; NULL: the config file's
 * @param key Key
 * @param val Value, valid; empty to remove it
 *
 * @return 0 if success, otherwise errorcode
 */
int changes_set(const char *aor, const char *key, const char *val)
{
	struct changed *old = changes_find(aor, key), *chg;
	int err;

	chg = mem_zalloc(sizeof(*chg), destructor);
	if (!chg)
		return ENOMEM;

	err  = str_dup(&chg->key, key);
	err |= str_dup(&chg->val, val);
	if (aor)
		err |= str_dup(&chg->aor, aor);
	if (err) {
		mem_deref(chg);
		return err;
	}

	if (old)
		list_unlink(&old->le);
	mem_deref(old);
	list_append(&changel, &chg->le, chg);

	return 0;
}


/**
 * Undo a change
 *
 * @param aor Account; NULL: the config file's
 * @param key Key
 * @param old Change that was there before, NULL: none; the reference is taken
 *            over
 */
void changes_restore(const char *aor, const char *key, struct changed *old)
{
	struct changed *chg = changes_find(aor, key);

	if (chg == old) {
		mem_deref(old);
		return;
	}

	if (chg) {
		list_unlink(&chg->le);
		mem_deref(chg);
	}

	if (old)
		list_append(&changel, &old->le, old);
}


/**
 * Baresip has read a file again: forget the changes saved in it
 *
 * @param aor Account; NULL: the config file
 */
void changes_forget_saved(const char *aor)
{
	struct le *le = list_head(&changel);

	while (le) {

		struct changed *chg = le->data;

		le = le->next;

		if (chg->saved && is_of(chg, aor)) {
			list_unlink(&chg->le);
			mem_deref(chg);
		}
	}
}


/** Forget all changes */
void changes_close(void)
{
	list_flush(&changel);
}
