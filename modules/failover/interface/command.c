/**
 * @file command.c  What the user orders
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
#include "clock.h"
#include "command.h"
#include "command_parts.h"
#include "decide.h"
#include "failback.h"
#include "line.h"
#include "policy.h"
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


static int print_aors(struct re_printf *pf, const void *arg)
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
			 name, print_aors, NULL);
	return ENOENT;
}


/* An address, or the user part of one only */
static struct line *find(const struct pl *name)
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
		return h(pf, find(&name));

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

	return name.l && !find(&name) ? unknown_account(pf, &name) : 0;
}


static int cmd_status(struct re_printf *pf, void *arg)
{
	const int err = check_name(pf, arg);

	return err ? err : print_lines(pf, arg, "", table_print);
}


static int cmd_json(struct re_printf *pf, void *arg)
{
	int err = check_name(pf, arg);

	if (err)
		return err;

	err  = re_hprintf(pf, "{\"version\":1,\"accounts\":[");
	err |= print_lines(pf, arg, ",", status_json);
	err |= re_hprintf(pf, "]}");

	return err;
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
	struct line *line = find(name);

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


static unsigned server_number(const struct line *line, const struct pl *name)
{
	unsigned n = 0;

	if (!pl_strcasecmp(name, "primary"))
		return PRIMARY;
	if (!pl_strcasecmp(name, "backup"))
		return PRIMARY + 1;
	if (name->l == 1 && *name->p >= '1' && *name->p <= '9')
		n = (unsigned)(*name->p - '0');

	return n <= line->serverc ? n : 0;
}


/* Servers that there are, in words */
static int print_choice(struct re_printf *pf, const struct line *line)
{
	return re_hprintf(pf, "choose primary, backup, 1 %s %u",
			  line->serverc > 2 ? "to" : "or", line->serverc);
}


/* Without an account it is the only one that is managed */
static struct line *only_line(void)
{
	struct line *only = NULL;
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		if (line->unmanaged)
			continue;
		if (only)
			return NULL;
		only = line;
	}

	return only;
}


static int switch_usage(struct re_printf *pf, const struct line *line)
{
	(void)re_hprintf(pf, "failover: failover_switch <aor> <server>: ");

	if (line)
		(void)re_hprintf(pf, "%H\n", print_choice, line);
	else
		(void)re_hprintf(pf, "aor: %H; server: primary, backup or its"
				 " number\n", print_aors, NULL);

	return EINVAL;
}


/* Account and server that are named; the account may be left out */
static int switch_params(struct line **linep, unsigned *serverp,
			 struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	struct pl aor = command_word(&p), name = command_word(&p);
	struct line *line;
	int err;

	accounts_scan();
	line = only_line();

	if (aor.l && !name.l && find(&aor))
		return switch_usage(pf, find(&aor));
	if (!aor.l || (!name.l && !line))
		return switch_usage(pf, line);

	if (!name.l)
		name = aor;
	else if ((err = command_managed(&line, pf, &aor)))
		return err;

	*serverp = server_number(line, &name);
	*linep = line;

	if (!*serverp) {
		(void)re_hprintf(pf, "failover: %s has no server '%r'; %H\n",
				 line_name(line), &name, print_choice, line);
		return ENOENT;
	}

	return 0;
}


static int print_server(struct re_printf *pf, const unsigned *server)
{
	switch (*server) {

	case PRIMARY:     return re_hprintf(pf, "the primary");
	case PRIMARY + 1: return re_hprintf(pf, "the backup");
	default:          return re_hprintf(pf, "server %u", *server);
	}
}


static int cmd_switch(struct re_printf *pf, void *arg)
{
	struct decision d = {0};
	struct line *line;
	unsigned server;
	int err;

	err = switch_params(&line, &server, pf, arg);
	if (err)
		return err;

	policy_switch(&line->policy, server, clock_ms(), &d);
	decide_take(line, &d);

	if (d.register_with)
		return re_hprintf(pf, "%s: moving to server %u (%s)\n",
				  line_name(line), server,
				  line_server(line, server)->uri);

	return re_hprintf(pf, "%s: already on %H (%s)\n", line_name(line),
			  print_server, &server,
			  line_server(line, server)->uri);
}


static const char *not_looking(const struct policy *p)
{
	switch (p->state) {

	case POLICY_SETTLED: return "already on the primary";
	case POLICY_MOVING:  return "it is moving just now";
	default:             return "nothing to look for, it is not asked to"
				    " register";
	}
}


static int probe(struct re_printf *pf, struct line *line)
{
	struct decision d = {0};
	bool sent;

	sent = failback_probe(&line->policy, clock_ms(), &d);
	decide_take(line, &d);

	return re_hprintf(pf, "%s: %s\n", line_name(line),
			  sent ? "looking for the primary" :
			  not_looking(&line->policy));
}


static int cmd_probe(struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	const struct pl aor = command_word(&p);
	struct line *line;
	struct le *le;
	int err = 0;

	accounts_scan();

	if (aor.l) {
		err = command_managed(&line, pf, &aor);
		return err ? err : probe(pf, line);
	}

	for (le = list_head(line_list()); le; le = le->next) {

		line = le->data;

		if (!line->unmanaged)
			err |= probe(pf, line);
	}

	return err;
}


static const struct cmd cmdv[] = {
{"failover",        0, CMD_PRM, "Failover status [aor]",         cmd_status },
{"failover_json",   0, CMD_PRM, "Failover status as JSON [aor]", cmd_json   },
{"failover_switch", 0, CMD_PRM, "Move account <aor> <server>",   cmd_switch },
{"failover_probe",  0, CMD_PRM, "Look for the primary now [aor]", cmd_probe },
{"failover_set",    0, CMD_PRM, "Change <aor|*> <key> <value>",  command_set},
{"failover_save",   0, CMD_PRM, "Write what was changed [aor]", command_save},
{"failover_diff",   0, CMD_PRM, "Show what would be written [aor]",
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
