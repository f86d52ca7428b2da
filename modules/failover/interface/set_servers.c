/**
 * @file set_servers.c  Changes of an account's servers
 *
 * The user sees numbered servers. In the account line the first two have
 * parameters of their own, and all others share one.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "config_account.h"
#include "line.h"
#include "set_servers.h"
#include "text.h"


/** Servers by the user's numbers; NULL: removed */
struct form {
	char *uriv[MAX_SERVERS];
	char *regintv[MAX_SERVERS];  /**< Expiry, NULL: not given            */
};


static void form_destructor(void *arg)
{
	struct form *form = arg;

	for (unsigned i = 0; i < MAX_SERVERS; i++) {
		mem_deref(form->uriv[i]);
		mem_deref(form->regintv[i]);
	}
}


/* The number after a name, 0 if it is another key */
static unsigned number(const char *key, const char *name)
{
	const size_t n = strlen(name);

	if (strncmp(key, name, n) || key[n] < '1' ||
	    key[n] > '0' + MAX_SERVERS || key[n + 1])
		return 0;

	return (unsigned)(key[n] - '0');
}


/* By the user's number, or by the parameter of the account line */
static unsigned server_number(const char *key)
{
	if (!strcmp(key, "outbound"))
		return PRIMARY;

	return !strcmp(key, "outbound2") ? PRIMARY + 1 :
		number(key, "server");
}


/* Servers 3 and more in one text */
static bool is_list(const char *key)
{
	return !strcmp(key, "failover_servers");
}


/* The expiry of server 1 is that of the account */
static unsigned regint_number(const char *key)
{
	const unsigned n = number(key, "failover_regint");

	return n == PRIMARY ? 0 : n;
}


/**
 * Is this a key of an account's servers?
 *
 * @param key Key
 *
 * @return True for server1 and so on, outbound, outbound2, failover_servers,
 *         regint, failover_regint2 and so on
 */
bool set_servers_is_key(const char *key)
{
	return server_number(key) || is_list(key) || regint_number(key) ||
		!strcmp(key, "regint");
}


static const char *uri_error(const struct pl *uri)
{
	static const char bad[] = "\",<> ";
	struct server srv;
	int err;

	for (size_t i = 0; i < uri->l; i++) {
		if (strchr(bad, uri->p[i]))
			return server_refusal(EINVAL);
	}

	err = server_decode(&srv, uri);
	server_reset(&srv);

	return err ? server_refusal(err) : NULL;
}


static const char *list_error(struct pl list)
{
	const char *text = NULL;
	unsigned n = PRIMARY + 1;

	while (list.l && !text) {

		struct pl uri;

		config_account_next_server(&uri, &list);
		text = n++ == MAX_SERVERS ? "too many servers" :
			uri_error(&uri);
	}

	return text;
}


/**
 * What is wrong with a value
 *
 * @param chg Key of an account's servers, and its value
 *
 * @return Static text that says what is allowed; NULL if nothing is wrong
 */
const char *set_servers_error(const struct rewrite_change *chg)
{
	struct pl pl;
	uint32_t s;

	if (rewrite_removes(chg))
		return NULL;

	pl_set_str(&pl, chg->val);

	if (server_number(chg->key) || is_list(chg->key)) {

		const char *text = is_list(chg->key) ? list_error(pl) :
			uri_error(&pl);

		return text || text_is_writable(chg->val) ? text :
			"a file cannot hold a control character, or a"
			" backslash at the end";
	}

	return config_account_decode_regint(&s, &pl) ? NULL :
		"it is not 1 to 86400 seconds";
}


static const char *first_name(const struct line *line)
{
	struct pl pl;

	return config_param_now(line, "outbound1", &pl) && pl_isset(&pl) ?
		"outbound1" : "outbound";
}


static int read_list(struct form *form, struct pl list)
{
	int err = 0;

	for (unsigned i = PRIMARY + 1; i < MAX_SERVERS && list.l; i++) {

		struct pl uri;

		config_account_next_server(&uri, &list);
		err |= pl_strdup(&form->uriv[i], &uri);
	}

	return err;
}


static int read_form(struct form *form, const struct line *line)
{
	char key[32];
	struct pl pl;
	int err = 0;

	if (config_param_now(line, first_name(line), &pl) && pl_isset(&pl))
		err |= pl_strdup(&form->uriv[0], &pl);
	if (config_param_now(line, "outbound2", &pl) && pl_isset(&pl))
		err |= pl_strdup(&form->uriv[1], &pl);
	if (config_param_now(line, "failover_servers", &pl))
		err |= read_list(form, pl);

	for (unsigned i = PRIMARY + 1; i <= MAX_SERVERS; i++) {

		(void)re_snprintf(key, sizeof(key), "failover_regint%u", i);
		if (config_param_now(line, key, &pl) && pl_isset(&pl))
			err |= pl_strdup(&form->regintv[i - 1], &pl);
	}

	return err;
}


static int replace(char **textp, const struct rewrite_change *chg)
{
	*textp = mem_deref(*textp);

	return rewrite_removes(chg) ? 0 : str_dup(textp, chg->val);
}


static int replace_list(struct form *form, const struct rewrite_change *chg)
{
	struct pl list = PL_INIT;

	if (!rewrite_removes(chg))
		pl_set_str(&list, chg->val);

	for (unsigned i = PRIMARY + 1; i < MAX_SERVERS; i++)
		form->uriv[i] = mem_deref(form->uriv[i]);

	return read_list(form, list);
}


static int change_form(struct form *form, const struct rewrite_change *chg)
{
	const unsigned server = server_number(chg->key);
	const unsigned regint = regint_number(chg->key);

	if (server)
		return replace(&form->uriv[server - 1], chg);
	if (is_list(chg->key))
		return replace_list(form, chg);
	if (regint)
		return replace(&form->regintv[regint - 1], chg);

	return 0;
}


/* The servers after a gap move up with their expiries. The expiry of server 1
   is that of the account. */
static unsigned close_gaps(struct form *form)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_SERVERS; i++) {

		char *uri = form->uriv[i], *regint = form->regintv[i];

		form->uriv[i] = form->regintv[i] = NULL;

		if (!uri) {
			mem_deref(regint);
			continue;
		}

		form->uriv[n]    = uri;
		form->regintv[n] = n ? regint : mem_deref(regint);
		++n;
	}

	return n;
}


/* Add a parameter unless it has this value already; takes over the text */
static int add_param(struct set_servers *set, const struct line *line,
		     const char *name, char *val)
{
	struct rewrite_change *chg = &set->changev[set->changec];
	char *key = NULL;
	struct pl pl;
	const bool is = config_param_now(line, name, &pl) && pl_isset(&pl);
	int err;

	if (val)
		set->textv[set->textc++] = val;

	if (val && *val ? is && !pl_strcmp(&pl, val) : !is)
		return 0;

	err = str_dup(&key, name);
	if (err)
		return err;

	set->textv[set->textc++] = key;
	chg->key = key;
	chg->val = val ? val : "";
	++set->changec;

	return 0;
}


static int print_rest(struct re_printf *pf, const struct form *form)
{
	int err = 0;

	for (unsigned i = PRIMARY + 1; i < MAX_SERVERS && form->uriv[i]; i++)
		err |= re_hprintf(pf, "%s%s", i > PRIMARY + 1 ? "," : "",
				  form->uriv[i]);

	return err;
}


static int add_params(struct set_servers *set, const struct line *line,
		      const struct form *form)
{
	char key[32], *rest = NULL;
	int err;

	err = re_sdprintf(&rest, "%H", print_rest, form);
	if (err)
		return err;

	err  = add_param(set, line, first_name(line),
			 mem_ref(form->uriv[0]));
	err |= add_param(set, line, "outbound2", mem_ref(form->uriv[1]));
	err |= add_param(set, line, "failover_servers", rest);

	for (unsigned i = PRIMARY + 1; i <= MAX_SERVERS; i++) {
		(void)re_snprintf(key, sizeof(key), "failover_regint%u", i);
		err |= add_param(set, line, key,
				 mem_ref(form->regintv[i - 1]));
	}

	return err;
}


/**
 * Translate changes of servers into parameters of the account line
 *
 * @param set     Returns the parameters; the caller resets it, after an error
 *                too
 * @param line    Line
 * @param changev Changes, valid; other keys are ignored
 * @param changec Number of them
 *
 * @return 0 if success, otherwise errorcode
 */
int set_servers_params(struct set_servers *set, const struct line *line,
		       const struct rewrite_change *changev, size_t changec)
{
	struct form *form = mem_zalloc(sizeof(*form), form_destructor);
	char *val = NULL;
	int err;

	memset(set, 0, sizeof(*set));
	if (!form)
		return ENOMEM;

	err = read_form(form, line);

	for (size_t i = 0; i < changec && !err; i++) {

		const struct rewrite_change *chg = &changev[i];

		err = change_form(form, chg);

		if (!err && !strcmp(chg->key, "regint")) {
			err = str_dup(&val, chg->val ? chg->val : "");
			if (!err)
				err = add_param(set, line, chg->key, val);
			val = NULL;
		}
	}

	if (!err) {
		set->serverc = close_gaps(form);
		err = add_params(set, line, form);
	}

	mem_deref(form);

	return err;
}


/**
 * Free what the parameters hold
 *
 * @param set Parameters
 */
void set_servers_reset(struct set_servers *set)
{
	while (set->textc)
		mem_deref(set->textv[--set->textc]);
}
