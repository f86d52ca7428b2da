/**
 * @file set.c  Changes settings while the phone runs
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "changes.h"
#include "config.h"
#include "line.h"
#include "set.h"


/* By the same code as at start; an empty value removes the key */
static bool is_valid(const struct rewrite_change *chg, set_error_h *errorh,
		     void *arg)
{
	struct settings set;
	char *error = NULL;

	settings_init(&set);

	if (!settings_allowed(chg->key))
		(void)re_sdprintf(&error, "there is no such key");
	else if (!rewrite_removes(chg) &&
		 settings_set(&set, chg->key, chg->val))
		(void)re_sdprintf(&error, "'%s' is not %s", chg->val,
				  settings_allowed(chg->key));
	else
		return true;

	errorh(chg->key, error ? error : "", arg);
	mem_deref(error);

	return false;
}


/* Two accounts can have one address */
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
 * Change values of an account, or those of the config file, at once. All of
 * them are taken or, if one is wrong, none. The registration and calls go on.
 *
 * @param line    Line, managed; NULL: the config file, which holds for all
 *                accounts that have no value of their own
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
	bool ok = true;
	int err = 0;

	for (size_t i = 0; i < changec; i++)
		ok &= is_valid(&changev[i], errorh, arg);

	if (!ok)
		return EINVAL;

	for (size_t i = 0; i < changec && !err; i++)
		err = changes_set(aor, changev[i].key, changev[i].val ?
				  changev[i].val : "");

	apply(aor);

	return err;
}
