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
#include "command_change.h"
#include "command_order.h"
#include "command_param.h"
#include "history.h"
#include "line.h"
#include "status.h"
#include "table.h"


typedef int (print_line_h)(struct re_printf *pf, const struct line *line);


/* The account that is named, or all */
static int print_lines(struct re_printf *pf, void *arg,
		       const char *separator, print_line_h *h)
{
	const char *p = command_param_text(arg);
	const struct pl name = command_param_word(&p);
	struct le *le;
	bool first = true;
	int err = 0;

	if (name.l)
		return h(pf, command_param_lookup(&name));

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
	const char *p = command_param_text(arg);
	const struct pl name = command_param_word(&p);

	accounts_scan();

	return name.l && !command_param_lookup(&name) ?
		command_param_unknown(pf, &name) : 0;
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
CLEAN(command_order_switch)
CLEAN(command_order_probe)
CLEAN(command_order_maintenance)
CLEAN(command_order_test)
CLEAN(command_change_set)
CLEAN(command_change_save)


static const struct cmd cmdv[] = {
{"failover",             0, CMD_PRM, "Failover status [aor]",
					clean_cmd_status},
{"failover_json",        0, CMD_PRM, "... as JSON [aor]",
					cmd_json},
{"failover_history",     0, CMD_PRM, "Last changes [aor]",
					clean_cmd_history},
{"failover_switch",      0, CMD_PRM, "Move account <aor> <server>",
					clean_command_order_switch},
{"failover_probe",       0, CMD_PRM, "Look for the primary now [aor]",
					clean_command_order_probe},
{"failover_maintenance", 0, CMD_PRM, "Leave alone <aor|*> <server> <on|off>",
					clean_command_order_maintenance},
{"failover_test",        0, CMD_PRM, "Ask a server <aor> <uri>",
					clean_command_order_test},
{"failover_set",         0, CMD_PRM, "Change <aor|*> <key> <value>",
					clean_command_change_set},
{"failover_save",        0, CMD_PRM, "Write what was changed [aor]",
					clean_command_change_save},
{"failover_diff",        0, CMD_PRM, "Show what would be written [aor]",
					command_change_diff},
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
