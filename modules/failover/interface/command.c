/**
 * @file command.c  The commands, and what they show
 *
 * Long commands, so they work typed as /failover and over ctrl_tcp, httpd
 * and mqtt alike. What cannot be done is answered with a sentence that says
 * what can, and an error.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "clean.h"
#include "command.h"
#include "command_parts.h"
#include "history.h"
#include "line.h"
#include "status.h"
#include "table.h"


typedef int (print_line_h)(struct re_printf *pf, const struct line *line);


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
 * Print which accounts there are
 *
 * @param pf  Print function
 * @param arg Not used
 *
 * @return 0 if success, otherwise errorcode
 */
int command_print_aors(struct re_printf *pf, const void *arg)
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


static int unknown_account(struct re_printf *pf, const struct pl *name)
{
	(void)re_hprintf(pf, "failover: no account '%r'; there is: %H\n",
			 name, command_print_aors, NULL);
	return ENOENT;
}


/**
 * Find an account
 *
 * @param name Address with or without "sip:", or the user part of one only
 *
 * @return Line, NULL if there is none, or more than one
 */
struct line *command_lookup(const struct pl *name)
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
 * Next word of a command's parameters
 *
 * @param p Rest of the parameters; moved on
 *
 * @return Word, empty at the end
 */
struct pl command_word(const char **p)
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


/**
 * Parameters of a command
 *
 * @param arg Argument of its handler
 *
 * @return Parameters, empty if there are none
 */
const char *command_params(void *arg)
{
	const struct cmd_arg *carg = arg;

	return carg && carg->prm ? carg->prm : "";
}


/* The account that is named, or all */
static int print_lines(struct re_printf *pf, void *arg,
		       const char *separator, print_line_h *h)
{
	const char *p = command_params(arg);
	const struct pl name = command_word(&p);
	struct le *le;
	bool first = true;
	int err = 0;

	if (name.l)
		return h(pf, command_lookup(&name));

	for (le = list_head(line_list()); le && !err; le = le->next) {

		err = re_hprintf(pf, "%s", first ? "" : separator);
		err |= h(pf, le->data);
		first = false;
	}

	return err;
}


/* Says so if there is no such account */
static int check_name(struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	const struct pl name = command_word(&p);

	accounts_scan();

	return name.l && !command_lookup(&name) ?
		unknown_account(pf, &name) : 0;
}


static int cmd_status(struct re_printf *pf, void *arg)
{
	const int err = check_name(pf, arg);

	return err ? err : print_lines(pf, arg, "", table_print);
}


static int cmd_json(struct re_printf *pf, void *arg)
{
	int err = clean_print(pf, check_name, arg);

	if (err)
		return err;

	err  = re_hprintf(pf, "{\"version\":1,\"accounts\":[");
	err |= print_lines(pf, arg, ",", status_json);
	err |= re_hprintf(pf, "]}");

	return err;
}


/**
 * Find an account; says so if there is none
 *
 * @param linep Pointer to the line
 * @param pf    Print function
 * @param aor   Account, with or without "sip:"
 *
 * @return 0 if success, ENOENT if there is none
 */
int command_find(struct line **linep, struct re_printf *pf,
		 const struct pl *aor)
{
	*linep = command_lookup(aor);

	return *linep ? 0 : unknown_account(pf, aor);
}


/**
 * Find an account that can be ordered about; says so if it can not
 *
 * @param linep Returns the line
 * @param pf    Print function
 * @param name  Account: address with or without "sip:", or its user part
 *
 * @return 0 if success, ENOENT if there is none, EPERM if it is not managed
 */
int command_managed(struct line **linep, struct re_printf *pf,
		    const struct pl *name)
{
	struct line *line = command_lookup(name);

	if (!line)
		return unknown_account(pf, name);

	if (line->unmanaged) {
		(void)re_hprintf(pf, "failover: %s is not managed: %s\n",
				 line_name(line), line->unmanaged);
		return EPERM;
	}

	*linep = line;

	return 0;
}


static int cmd_history(struct re_printf *pf, void *arg)
{
	const int err = check_name(pf, arg);

	return err ? err : print_lines(pf, arg, "", history_print);
}


/* JSON is escaped, and a diff repeats the user's files byte by byte */
#define CLEAN(h) \
	static int clean_##h(struct re_printf *pf, void *arg) \
	{ \
		return clean_print(pf, h, arg); \
	}

CLEAN(cmd_status)
CLEAN(cmd_history)
CLEAN(command_switch)
CLEAN(command_probe)
CLEAN(command_maintenance)
CLEAN(command_test)
CLEAN(command_set)
CLEAN(command_save)


static const struct cmd cmdv[] = {
{"failover",             0, CMD_PRM, "Failover status [aor]",
					clean_cmd_status},
{"failover_json",        0, CMD_PRM, "... as JSON [aor]",
					cmd_json},
{"failover_history",     0, CMD_PRM, "Last changes [aor]",
					clean_cmd_history},
{"failover_switch",      0, CMD_PRM, "Move account <aor> <server>",
					clean_command_switch},
{"failover_probe",       0, CMD_PRM, "Look for the primary now [aor]",
					clean_command_probe},
{"failover_maintenance", 0, CMD_PRM, "Leave alone <aor|*> <server> <on|off>",
					clean_command_maintenance},
{"failover_test",        0, CMD_PRM, "Ask a server <aor> <uri>",
					clean_command_test},
{"failover_set",         0, CMD_PRM, "Change <aor|*> <key> <value>",
					clean_command_set},
{"failover_save",        0, CMD_PRM, "Write what was changed [aor]",
					clean_command_save},
{"failover_diff",        0, CMD_PRM, "Show what would be written [aor]",
					command_diff},
};


/**
 * Register the commands
 *
 * @return 0 if success, otherwise errorcode
 */
int command_open(void)
{
	return cmd_register(baresip_commands(), cmdv, RE_ARRAY_SIZE(cmdv));
}


/** Unregister the commands */
void command_close(void)
{
	cmd_unregister(baresip_commands(), cmdv);
}
