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
#include "view.h"


typedef int (print_line_h)(struct re_printf *pf, const struct line *line);


static bool is_aor(const struct line *line, const struct pl *aor)
{
	return !pl_strcasecmp(aor, line_aor(line)) ||
		!pl_strcasecmp(aor, line_name(line));
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


static int unknown_account(struct re_printf *pf, const struct pl *aor)
{
	(void)re_hprintf(pf, "failover: no account '%r'; there is: %H\n",
			 aor, print_aors, NULL);
	return ENOENT;
}


static struct line *find(const struct pl *aor)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {
		if (is_aor(le->data, aor))
			return le->data;
	}

	return NULL;
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


/* One account, or all if none is named */
static int print_lines(struct re_printf *pf, const struct pl *aor,
		       const char *separator, print_line_h *h)
{
	struct le *le;
	bool first = true;
	int err = 0;

	for (le = list_head(line_list()); le && !err; le = le->next) {

		if (aor->l && !is_aor(le->data, aor))
			continue;

		err = re_hprintf(pf, "%s", first ? "" : separator);
		err |= h(pf, le->data);
		first = false;
	}

	return err;
}


static int cmd_status(struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	const struct pl aor = command_word(&p);

	accounts_scan();

	if (aor.l && !find(&aor))
		return unknown_account(pf, &aor);

	return print_lines(pf, &aor, "", status_table);
}


static int cmd_json(struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	const struct pl aor = command_word(&p);
	int err;

	accounts_scan();

	if (aor.l && !find(&aor))
		return unknown_account(pf, &aor);

	err  = re_hprintf(pf, "{\"version\":1,\"accounts\":[");
	err |= print_lines(pf, &aor, ",", status_json);
	err |= re_hprintf(pf, "]}");

	return err;
}


/**
 * Find an account that can be ordered about; says so if it can not
 *
 * @param linep Returns the line
 * @param pf    Print function
 * @param aor   Account, with or without "sip:"
 *
 * @return 0 if success, ENOENT if there is none, EPERM if it is not managed
 */
int command_managed(struct line **linep, struct re_printf *pf,
		    const struct pl *aor)
{
	struct line *line = find(aor);

	if (!line)
		return unknown_account(pf, aor);

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


static int cmd_switch(struct re_printf *pf, void *arg)
{
	const char *p = command_params(arg);
	const struct pl aor = command_word(&p), name = command_word(&p);
	struct decision d = {0};
	struct line *line;
	unsigned server;
	int err;

	accounts_scan();

	if (!aor.l || !name.l) {
		(void)re_hprintf(pf, "failover: failover_switch <aor>"
				 " <primary|backup|number>\n");
		return EINVAL;
	}

	err = command_managed(&line, pf, &aor);
	if (err)
		return err;

	server = server_number(line, &name);
	if (!server) {
		(void)re_hprintf(pf, "failover: %s has no server '%r'; there"
				 " is: primary, backup, 1 to %u\n",
				 line_name(line), &name, line->serverc);
		return ENOENT;
	}

	policy_switch(&line->policy, server, clock_ms(), &d);
	decide_take(line, &d);

	return re_hprintf(pf, d.register_with ?
			  "%s: moving to server %u (%s)\n" :
			  "%s: server %u (%s) is in use already\n",
			  line_name(line), server,
			  line_server(line, server)->uri);
}


static int probe(struct re_printf *pf, struct line *line)
{
	struct decision d = {0};
	bool sent;

	sent = failback_probe(&line->policy, clock_ms(), &d);
	decide_take(line, &d);

	return re_hprintf(pf, sent ? "%s: looking for the primary\n" :
			  "%s: nothing to look for, it is %s\n",
			  line_name(line), view_statename(&line->policy));
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
{"failover",        0, CMD_PRM, "Failover status",               cmd_status },
{"failover_json",   0, CMD_PRM, "Failover status as JSON",       cmd_json   },
{"failover_switch", 0, CMD_PRM, "Move an account to a server",   cmd_switch },
{"failover_probe",  0, CMD_PRM, "Look for the primary now",      cmd_probe  },
{"failover_set",    0, CMD_PRM, "Change a setting",              command_set },
{"failover_save",   0, CMD_PRM, "Write what was changed",        command_save},
{"failover_diff",   0, CMD_PRM, "What would be written",         command_diff},
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
