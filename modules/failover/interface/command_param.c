/**
 * @file command_param.c  The parameters of a command, and the account that
 * they name
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "command_param.h"
#include "line.h"


/**
 * Parameters of a command
 *
 * @param arg Argument of its handler
 *
 * @return Parameters, empty if there are none
 */
const char *command_param_text(void *arg)
{
	const struct cmd_arg *carg = arg;

	return carg && carg->prm ? carg->prm : "";
}


/**
 * Next word of a command's parameters
 *
 * @param p Remaining parameters; returns the rest
 *
 * @return Word, empty at the end
 */
struct pl command_param_word(const char **p)
{
	struct pl pl = PL_INIT;

	while (**p == ' ')
		++*p;

	pl.p = *p;
	while (**p && **p != ' ')
		++*p;
	pl.l = (size_t)(*p - pl.p);

	return pl;
}


static bool is_aor(const struct line *line, const struct pl *name)
{
	return !pl_strcasecmp(name, line_aor(line)) ||
		!pl_strcasecmp(name, line_name(line));
}


static bool is_user(const struct line *line, const struct pl *name)
{
	const char *text = line_name(line);
	const struct pl user = {text, strcspn(text, "@")};

	return user.l == name->l && !pl_casecmp(&user, name);
}


/**
 * Print the accounts that exist
 *
 * @param pf  Print function
 * @param arg Not used
 *
 * @return 0 if success, otherwise errorcode
 */
int command_param_print_aors(struct re_printf *pf, const void *arg)
{
	enum { MAX_NAMES = 16 };
	const uint32_t count = list_count(line_list());
	unsigned n = 0;
	struct le *le;
	int err = 0;
	(void)arg;

	for (le = list_head(line_list()); le && n < MAX_NAMES; le = le->next)
		err |= re_hprintf(pf, "%s%s", n++ ? ", " : "",
				  line_name(le->data));

	return count > n ? err | re_hprintf(pf, " and %u more", count - n) :
		err;
}


/**
 * Print that there is no such account
 *
 * @param pf   Print function
 * @param name Name that the user typed
 *
 * @return ENOENT
 */
int command_param_unknown(struct re_printf *pf, const struct pl *name)
{
	(void)re_hprintf(pf, "failover: no account '%r'; there is: %H\n",
			 name, command_param_print_aors, NULL);
	return ENOENT;
}


/**
 * Find an account
 *
 * @param name Address with or without "sip:", or only its user part
 *
 * @return Line, NULL if there is none, or more than one
 */
struct line *command_param_lookup(const struct pl *name)
{
	struct line *found = NULL;
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {
		if (is_aor(le->data, name))
			return le->data;
	}

	for (le = list_head(line_list()); le; le = le->next) {

		if (!is_user(le->data, name))
			continue;
		if (found)
			return NULL;
		found = le->data;
	}

	return found;
}


/**
 * Find an account; prints an error if there is none
 *
 * @param linep Pointer to the line
 * @param pf    Print function
 * @param aor   Account, with or without "sip:"
 *
 * @return 0 if success, ENOENT if there is none
 */
int command_param_find(struct line **linep, struct re_printf *pf,
		 const struct pl *aor)
{
	*linep = command_param_lookup(aor);

	return *linep ? 0 : command_param_unknown(pf, aor);
}


/**
 * Is an account managed? Prints an error if it is not
 *
 * @param pf   Print function
 * @param line Line
 *
 * @return 0 if it is, otherwise EPERM
 */
int command_param_check(struct re_printf *pf, const struct line *line)
{
	if (!line->unmanaged)
		return 0;

	(void)re_hprintf(pf, "failover: %s is not managed: %s\n",
			 line_name(line), line->unmanaged);
	return EPERM;
}


/**
 * Find a managed account; prints an error if there is none
 *
 * @param linep Returns the line; NULL if there is no such account
 * @param pf    Print function
 * @param name  Account: address with or without "sip:", or its user part
 *
 * @return 0 if success, ENOENT if there is none, EPERM if it is not managed
 */
int command_param_managed(struct line **linep, struct re_printf *pf,
		    const struct pl *name)
{
	const int err = command_param_find(linep, pf, name);

	return err ? err : command_param_check(pf, *linep);
}
