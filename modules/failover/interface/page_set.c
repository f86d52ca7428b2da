/**
 * @file page_set.c  Changes that come from the page
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "command_param.h"
#include "foreign.h"
#include "line.h"
#include "page_set.h"
#include "set.h"
#include "set_servers.h"


enum {
	CHANGES_MAX = 64,            /**< A form has no more keys            */
};

/** Changes, and where errors are stored */
struct errors {
	struct web_change *changev;
	size_t changec;
};


/* A change can make another key wrong, which the client did not send. Then the
   error goes to the first server that it sent, or to its first key. */
static struct web_change *find_change(const struct errors *errors,
				      const char *key)
{
	struct web_change *other = NULL;

	for (size_t i = 0; i < errors->changec; i++) {

		struct web_change *chg = &errors->changev[i];

		if (!strcmp(chg->key, key))
			return chg;
		if (!other && set_servers_is_key(chg->key))
			other = chg;
	}

	return other ? other : errors->changev;
}


static void error_handler(const char *key, const char *error, void *arg)
{
	struct web_change *chg = find_change(arg, key);

	if (chg)
		foreign_clean(chg->error, sizeof(chg->error), error,
			      strlen(error));
}


/* The user can give servers to an account without any */
static bool is_for_unmanaged(const struct web_change *changev, size_t changec)
{
	for (size_t i = 0; i < changec; i++) {
		if (set_is_for_unmanaged(changev[i].key))
			return true;
	}

	return false;
}


/**
 * Apply all changes or, if one is wrong, none, and tell which one
 *
 * @param pf      Print function
 * @param aor     Account, or "*" for the config file
 * @param changev Keys and values
 * @param changec Number of them
 *
 * @return 0 if success, otherwise errorcode
 */
int page_set(struct re_printf *pf, const char *aor,
	     struct web_change *changev, size_t changec)
{
	struct rewrite_change chgv[CHANGES_MAX];
	struct errors errors = { changev, changec };
	const char *who = "config";
	struct line *line = NULL;
	struct pl pl;
	int err;

	pl_set_str(&pl, aor);

	if (strcmp(aor, "*")) {
		err = is_for_unmanaged(changev, changec) ?
			command_param_find(&line, pf, &pl) :
			command_param_managed(&line, pf, &pl);
		if (err)
			return err;
	}

	if (!changec || changec > CHANGES_MAX) {
		(void)re_hprintf(pf, "there is nothing to change");
		return EINVAL;
	}

	for (size_t i = 0; i < changec; i++) {
		chgv[i].key = changev[i].key;
		chgv[i].val = changev[i].val;
	}

	if (line)
		who = line_name(line);

	err = set_values(line, chgv, changec, error_handler, &errors);

	if (err)
		(void)re_hprintf(pf, "Nothing was changed.");
	else
		(void)re_hprintf(pf, "%s: %zu value%s changed, in use now."
				 " Save writes it to the files.", who,
				 changec, changec == 1 ? "" : "s");

	return err;
}
