/**
 * @file page_config.c  An account's servers and settings, for the page
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "config_account.h"
#include "json.h"
#include "line.h"
#include "origin.h"
#include "page_config.h"


enum {
	VALUE_SIZE = 512,
};


static const struct line *find(const char *aor)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		if (!str_casecmp(aor, line_aor(le->data)) ||
		    !str_casecmp(aor, line_name(le->data)))
			return le->data;
	}

	return NULL;
}


/* The servers as written, for the user to change */
static int print_servers(struct re_printf *pf, const struct line *line)
{
	struct config_server v[MAX_SERVERS];
	const unsigned n = config_account_listed(line, v, MAX_SERVERS);
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {

		char *uri = NULL;

		err = pl_strdup(&uri, &v[i].uri);
		if (!err)
			err = re_hprintf(pf, "%s{\"index\":%u,\"uri\":%H,"
					 "\"regint\":%u}", i ? "," : "",
					 i + 1, json_string, uri,
					 v[i].regint);
		mem_deref(uri);
	}

	return err;
}


static int print_settings(struct re_printf *pf, const struct line *line)
{
	char val[VALUE_SIZE];
	enum origin origin;
	const char *key;
	bool on;
	int err;

	origin = origin_switch(line, &on);
	err = re_hprintf(pf, "{\"key\":\"failover\",\"value\":\"%s\","
			 "\"default\":\"yes\",\"allowed\":\"yes or no\","
			 "\"source\":\"%s\"}", on ? "yes" : "no",
			 origin_name(origin));

	for (size_t i = 0; (key = settings_key(i)); i++) {

		origin = origin_value(line, key, val, sizeof(val));
		err |= re_hprintf(pf, ",{\"key\":%H,\"value\":%H,"
				  "\"default\":%H,\"allowed\":%H,"
				  "\"source\":%H}",
				  json_string, key, json_string, val,
				  json_string, settings_default(key),
				  json_string, settings_allowed(key),
				  json_string, origin_name(origin));
	}

	return err;
}


/**
 * Print an account's servers and settings as members of a JSON object
 *
 * @param pf  Print function
 * @param aor Account, with or without "sip:"
 *
 * @return 0 if success, ENOENT if there is no such account
 */
int page_config(struct re_printf *pf, const char *aor)
{
	const struct line *line;
	int err;

	line = find(aor);
	if (!line)
		return ENOENT;

	err  = re_hprintf(pf, "\"aor\":%H,\"servers\":[", json_string,
			  line_aor(line));
	err |= print_servers(pf, line);
	err |= re_hprintf(pf, "],\"settings\":[");
	err |= print_settings(pf, line);

	return err | re_hprintf(pf, "]");
}
