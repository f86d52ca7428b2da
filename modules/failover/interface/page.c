/**
 * @file page.c  The functions that the web page uses
 *
 * The page sends commands that a user could type. If a build lacks a command,
 * the page does not offer it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "ask.h"
#include "command_param.h"
#include "line.h"
#include "metrics.h"
#include "page.h"
#include "page_config.h"
#include "page_listen.h"
#include "page_set.h"
#include "status.h"
#include "web.h"


/* A scan looks at each account, so not every answer scans */
static const struct line *account(unsigned i)
{
	struct le *le;

	if (!i && list_count(uag_list()) != list_count(line_list()))
		accounts_scan();

	for (le = list_head(line_list()); le && i; le = le->next)
		--i;

	return list_ledata(le);
}


static const struct line *next(const struct line *line)
{
	return list_ledata(line->le.next);
}


/* One word of a command: it has no spaces and ends only at its end */
static bool is_word(const char *s)
{
	return *s && !strpbrk(s, " \t\r\n");
}


/* Run a command with those words that are not empty */
static int run(struct re_printf *pf, const char *name, const char *a,
	       const char *b, const char *c)
{
	const struct cmd *cmd = cmd_find_long(baresip_commands(), name);
	const char *const wordv[] = { a, b, c };
	struct cmd_arg arg = { .key = 0 };
	char prm[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < RE_ARRAY_SIZE(wordv); i++) {

		if (!wordv[i] || !*wordv[i])
			continue;

		if (!is_word(wordv[i]) ||
		    n + strlen(wordv[i]) + 2 > sizeof(prm)) {
			(void)re_hprintf(pf, "this is not one word: '%s'",
					 wordv[i]);
			return EINVAL;
		}

		n += (size_t)re_snprintf(prm + n, sizeof(prm) - n, "%s%s",
					 n ? " " : "", wordv[i]);
	}

	arg.prm = prm;

	return cmd ? cmd->h(pf, &arg) : ENOSYS;
}


static int order_switch(struct re_printf *pf, const struct web_order *order)
{
	return run(pf, "failover_switch", order->aor, order->server, NULL);
}


static int order_probe(struct re_printf *pf, const struct web_order *order)
{
	return run(pf, "failover_probe", order->aor, NULL, NULL);
}


static int order_save(struct re_printf *pf, const struct web_order *order)
{
	return run(pf, "failover_save", order->aor, NULL, NULL);
}


static int order_diff(struct re_printf *pf, const struct web_order *order)
{
	return run(pf, "failover_diff", order->aor, NULL, NULL);
}


static int order_maintenance(struct re_printf *pf,
			     const struct web_order *order)
{
	return run(pf, "failover_maintenance", order->aor, order->server,
		   order->state);
}


static int order_test(const struct web_order *order, web_tested_h *h,
		      void *arg)
{
	struct line *line;
	struct pl aor;
	int err;

	pl_set_str(&aor, order->aor);

	line = command_param_lookup(&aor);
	if (!line)
		return ENOENT;

	err = ask_start(line, order->uri, h, arg);
	if (err)
		h(err, err == EBUSY ? "another server is being asked" :
		  server_refusal(err), arg);

	return 0;
}


static struct web_ops ops = {
	.account = account,
	.next    = next,
	.status  = status_json,
	.metrics = metrics_print,
	.config  = page_config,
	.set     = page_set,
	.test    = order_test,
};


static web_order_h *if_there(const char *name, web_order_h *h)
{
	return cmd_find_long(baresip_commands(), name) ? h : NULL;
}


/**
 * Serve the page if the config file asks for it; warn of wrong values
 */
void page_open(void)
{
	ops.familyc     = metrics_count();
	ops.move        = order_switch;
	ops.probe       = order_probe;
	ops.diff        = if_there("failover_diff", order_diff);
	ops.save        = if_there("failover_save", order_save);
	ops.maintenance = if_there("failover_maintenance", order_maintenance);

	page_listen_open(&ops);
}


/** Close the page */
void page_close(void)
{
	page_listen_close();
}
