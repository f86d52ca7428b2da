/**
 * @file command.c  The commands, and their output
 *
 * These are long commands, so they work as /failover and over ctrl_tcp, httpd
 * and mqtt. If something cannot be done, the answer is an error and a sentence
 * that says what can be done.
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
#include "json.h"
#include "line.h"
#include "status.h"
#include "table.h"


typedef int (print_line_h)(struct re_printf *pf, const struct line *line);

enum {
	ANSWER_MAX = 256 * 1024,     /**< libre's connections queue 512 KiB,
					  with all that JSON escapes         */
};

/** How accounts are shown */
struct view {
	const char *head;
	const char *separator;
	const char *end;
	print_line_h *h;
};

/** Accounts by number, from 1 */
struct span {
	uint32_t first;
	uint32_t last;
};


/* "1-500": accounts by number, in Baresip's order */
static bool decode_range(struct span *span, const struct pl *word)
{
	struct pl first, last;

	if (re_regex(word->p, word->l, "[0-9]+-[0-9]+", &first, &last) ||
	    first.p != word->p || last.p + last.l != word->p + word->l)
		return false;

	span->first = pl_u32(&first);
	span->last  = pl_u32(&last);

	return span->first && span->first <= span->last &&
		span->first <= list_count(line_list());
}


/* The user typed the name. JSON output is not cleaned like the rest */
static int say_unknown(struct re_printf *pf, void *arg)
{
	return command_param_unknown(pf, arg);
}


/* Prints an error if there is no such account */
static int decode_name(struct span *span, struct line **linep,
		       struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	struct pl name = command_param_word(&p);

	span->first = 1;
	span->last  = UINT32_MAX;
	*linep = NULL;

	accounts_scan();

	if (!name.l)
		return 0;

	*linep = command_param_lookup(&name);

	return *linep || decode_range(span, &name) ? 0 :
		clean_print(pf, say_unknown, &name);
}


/* If not all accounts fit, returns EMSGSIZE and in `n` how many do */
static int print_range(struct mbuf *mb, const struct span *span,
		       const struct view *view, uint32_t *n)
{
	struct re_printf pf;
	uint32_t i = 0;
	struct le *le;
	int err = 0;

	json_printer(&pf, mb);
	*n = 0;

	for (le = list_head(line_list()); le && !err; le = le->next) {

		if (++i < span->first || i > span->last)
			continue;

		if (*n)
			err = mbuf_write_str(mb, view->separator);
		err |= view->h(&pf, le->data);

		if (mb->end > ANSWER_MAX && *n)
			return EMSGSIZE;
		++*n;
	}

	return err;
}


static int too_many(struct re_printf *pf, const struct span *span,
		    uint32_t n)
{
	const uint32_t count = list_count(line_list());

	(void)re_hprintf(pf, "failover: %u accounts are too many for one"
			 " answer; name one of them, or some by number:"
			 " %u-%u\n", MIN(span->last, count) -
			 span->first + 1, span->first,
			 span->first + n - 1);

	return EMSGSIZE;
}


/* Print the named account, the accounts of a range, or all */
static int print_lines(struct re_printf *pf, void *arg,
		       const struct view *view)
{
	struct span span;
	struct line *line;
	struct mbuf *mb;
	uint32_t n;
	int err;

	err = decode_name(&span, &line, pf, arg);
	if (err)
		return err;

	if (line)
		return re_hprintf(pf, "%s", view->head) |
			view->h(pf, line) | re_hprintf(pf, "%s", view->end);

	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;

	err = print_range(mb, &span, view, &n);
	if (err == EMSGSIZE)
		err = too_many(pf, &span, n);
	else if (!err)
		err = re_hprintf(pf, "%s%b%s", view->head, mb->buf, mb->end,
				 view->end);
	mem_deref(mb);

	return err;
}


static int cmd_status(struct re_printf *pf, void *arg)
{
	static const struct view view = { "", "", "", table_print };

	return print_lines(pf, arg, &view);
}


static int cmd_json(struct re_printf *pf, void *arg)
{
	static const struct view view = {
		"{\"version\":1,\"accounts\":[", ",", "]}", status_json
	};

	return print_lines(pf, arg, &view);
}


static int cmd_history(struct re_printf *pf, void *arg)
{
	static const struct view view = { "", "", "", history_print };

	return print_lines(pf, arg, &view);
}


/* Not for JSON, which is escaped, nor for a diff: it shows the exact bytes of
   the user's files */
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
