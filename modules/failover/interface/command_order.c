/**
 * @file command_order.c  Commands that move accounts and test servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "accounts.h"
#include "ask.h"
#include "chance.h"
#include "clock.h"
#include "command_order.h"
#include "command_param.h"
#include "decide.h"
#include "failback.h"
#include "line.h"
#include "maintenance.h"
#include "policy.h"
#include "report.h"
#include "targets.h"


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


/* Print the servers that the user can choose */
static int print_choice(struct re_printf *pf, const struct line *line)
{
	return re_hprintf(pf, "choose primary, backup, 1 %s %u",
			  line->serverc > 2 ? "to" : "or", line->serverc);
}


/* Prints an error if there is no such server */
static int find_server(unsigned *serverp, struct re_printf *pf,
		       const struct line *line, const struct pl *name)
{
	*serverp = server_number(line, name);
	if (*serverp)
		return 0;

	(void)re_hprintf(pf, "failover: %s has no server '%r'; %H\n",
			 line_name(line), name, print_choice, line);
	return ENOENT;
}


/* Without a name: the account, if only one is managed */
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
				 " number\n", command_param_print_aors, NULL);

	return EINVAL;
}


/* Decode account and server; the account is optional */
static int switch_params(struct line **linep, unsigned *serverp,
			 struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	struct pl aor = command_param_word(&p);
	struct pl name = command_param_word(&p);
	struct line *line, *named;
	int err;

	accounts_scan();
	line  = only_line();
	named = aor.l && !name.l ? command_param_lookup(&aor) : NULL;

	if (named)
		return switch_usage(pf, named);
	if (!aor.l || (!name.l && !line))
		return switch_usage(pf, line);

	if (!name.l)
		name = aor;
	else if ((err = command_param_managed(&line, pf, &aor)))
		return err;

	*linep = line;

	return find_server(serverp, pf, line, &name);
}


static int print_server(struct re_printf *pf, const unsigned *server)
{
	switch (*server) {

	case PRIMARY:     return re_hprintf(pf, "the primary");
	case PRIMARY + 1: return re_hprintf(pf, "the backup");
	default:          return re_hprintf(pf, "server %u", *server);
	}
}


/**
 * Command: move an account to a server
 *
 * @param pf  Print function
 * @param arg Parameters: account, server
 *
 * @return 0 if success, otherwise errorcode
 */
int command_order_switch(struct re_printf *pf, void *arg)
{
	struct decision d = {0};
	struct line *line = NULL;
	unsigned server = 0;
	int err;

	err = switch_params(&line, &server, pf, arg);
	if (err)
		return err;

	if (state_in_maintenance(&line->policy, server)) {
		(void)re_hprintf(pf, "failover: server %u of %s is in"
				 " maintenance\n", server, line_name(line));
		return EBUSY;
	}

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


static int maintain(struct re_printf *pf, struct line *line, unsigned server,
		    bool on)
{
	struct decision d = {0};
	const bool changed = maintenance_set(&line->policy, server, on,
					     clock_ms(), chance_u32(), &d);

	if (changed)
		report_maintenance(line, server);

	decide_take(line, &d);

	return re_hprintf(pf, "%s: server %u (%s) is %s maintenance%s\n",
			  line_name(line), server,
			  line_server(line, server)->uri,
			  on ? "in" : "not in", changed ? "" : " already");
}


static int maintain_all(struct re_printf *pf, const struct pl *name, bool on)
{
	unsigned server, n = 0;
	struct le *le;
	int err = 0;

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		server = line->unmanaged ? 0 : server_number(line, name);
		if (!server)
			continue;

		err |= maintain(pf, line, server, on);
		++n;
	}

	if (!n) {
		(void)re_hprintf(pf, "failover: no account has a server"
				 " '%r'\n", name);
		return ENOENT;
	}

	return err;
}


static bool is_on(const struct pl *word)
{
	return !pl_strcasecmp(word, "on");
}


static bool is_state(const struct pl *word)
{
	return is_on(word) || !pl_strcasecmp(word, "off");
}


static int maintenance_usage(struct re_printf *pf)
{
	(void)re_hprintf(pf, "failover: failover_maintenance <aor|*> <server>"
			 " <on|off>: aor: %H; server: primary, backup or its"
			 " number\n", command_param_print_aors, NULL);
	return EINVAL;
}


/**
 * Command: leave a server alone for a while, or end that
 *
 * @param pf  Print function
 * @param arg Parameters: account or *, server, on or off
 *
 * @return 0 if success, otherwise errorcode
 */
int command_order_maintenance(struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	struct pl aor = command_param_word(&p);
	struct pl name = command_param_word(&p);
	struct pl state = command_param_word(&p);
	struct line *line;
	unsigned server = 0;
	int err = 0;

	accounts_scan();
	line = only_line();

	if (line && is_state(&name) && !state.l) {
		state = name;
		name  = aor;
	}
	else {
		line = NULL;
	}

	if (!is_state(&state))
		return maintenance_usage(pf);

	if (!line && !pl_strcmp(&aor, "*"))
		return maintain_all(pf, &name, is_on(&state));

	if (!line)
		err = command_param_managed(&line, pf, &aor);
	if (!err)
		err = find_server(&server, pf, line, &name);

	return err ? err : maintain(pf, line, server, is_on(&state));
}


static const char *not_looking(const struct policy *p)
{
	switch (p->state) {

	case POLICY_SETTLED: return p->target == PRIMARY ?
				    "already on the primary" :
				    "the primary is in maintenance";
	case POLICY_MOVING:  return "it is moving just now";
	default:             return "nothing to look for, it is not asked to"
				    " register";
	}
}


static int probe(struct re_printf *pf, struct line *line)
{
	struct decision d = {0};
	bool sent;

	targets_look_up(line);

	if (line->pending)
		return re_hprintf(pf, "%s: looking up its servers\n",
				  line_name(line));

	sent = failback_probe(&line->policy, clock_ms(), &d);
	decide_take(line, &d);

	return re_hprintf(pf, "%s: %s\n", line_name(line),
			  sent && d.probe > PRIMARY ? "asking the others" :
			  sent ? "looking for the primary" :
			  not_looking(&line->policy));
}


/**
 * Command: check the primary now
 *
 * @param pf  Print function
 * @param arg Parameters: account, or none for all
 *
 * @return 0 if success, otherwise errorcode
 */
int command_order_probe(struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	const struct pl aor = command_param_word(&p);
	struct line *line;
	struct le *le;
	int err = 0;

	accounts_scan();

	if (aor.l) {
		err = command_param_find(&line, pf, &aor);
		if (!err && !line->pending)
			err = command_param_check(pf, line);
		return err ? err : probe(pf, line);
	}

	for (le = list_head(line_list()); le; le = le->next) {

		line = le->data;

		if (!line->unmanaged || line->pending)
			err |= probe(pf, line);
	}

	return err;
}


static int print_test(struct re_printf *pf, const struct line *line)
{
	const struct asked *asked = line->asked;

	if (asked && asked->text)
		return re_hprintf(pf, "%s: test of %s\n", line_name(line),
				  asked->text);
	if (asked && asked->pending)
		return re_hprintf(pf, "%s: %s is being asked\n",
				  line_name(line), asked->server.uri);

	(void)re_hprintf(pf, "failover: failover_test <aor> <uri>; no server"
			 " was tested with %s\n", line_name(line));
	return ENOENT;
}


static int start_test(struct re_printf *pf, struct line *line,
		      const char *uri)
{
	const int err = ask_start(line, uri, NULL, NULL);

	switch (err) {

	case 0:
		return re_hprintf(pf, "%s: asking %s; failover_test %s shows"
				  " the answer\n", line_name(line), uri,
				  line_name(line));
	case EBUSY:
		(void)re_hprintf(pf, "failover: %s: %s is being asked\n",
				 line_name(line), line->asked->server.uri);
		break;

	default:
		(void)re_hprintf(pf, "failover: '%s': %s\n", uri,
				 server_refusal(err));
		break;
	}

	return err;
}


/**
 * Command: test a server with an account's credentials, or show the result
 *
 * @param pf  Print function
 * @param arg Parameters: account, URI or nothing
 *
 * @return 0 if success, otherwise errorcode
 */
int command_order_test(struct re_printf *pf, void *arg)
{
	const char *p = command_param_text(arg);
	const struct pl aor = command_param_word(&p);
	const struct pl word = command_param_word(&p);
	struct line *line;
	char *uri;
	int err;

	accounts_scan();

	if (!aor.l) {
		(void)re_hprintf(pf, "failover: failover_test <aor> <uri>:"
				 " aor: %H; uri: of a server, like"
				 " sip:pbx1.example.com:5060;transport=udp\n",
				 command_param_print_aors, NULL);
		return EINVAL;
	}

	err = command_param_find(&line, pf, &aor);
	if (err)
		return err;

	if (!word.l)
		return print_test(pf, line);

	err = pl_strdup(&uri, &word);
	if (err)
		return err;

	err = start_test(pf, line, uri);
	mem_deref(uri);

	return err;
}
