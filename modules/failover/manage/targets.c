/**
 * @file targets.c  The servers of an account change in DNS
 *
 * Each account is then read again, as if the user had changed its servers.
 * While an account without a server of its own is managed, its outbound proxy
 * is the target in use.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "binding.h"
#include "chance.h"
#include "clock.h"
#include "config_account.h"
#include "decide.h"
#include "expand.h"
#include "line.h"
#include "names.h"
#include "policy.h"
#include "registration.h"
#include "servers.h"
#include "state.h"
#include "targets.h"
#include "unwanted.h"


static struct tmr tmr;


static bool is_used(const char *uri)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		const struct line *line = le->data;
		const unsigned target = line->policy.target;

		if (!line->unmanaged &&
		    line->policy.state == POLICY_SETTLED &&
		    !str_casecmp(line_server(line, target)->uri, uri))
			return true;
	}

	return false;
}


/* The outbound proxy that the user wrote; NULL: none */
static char *written_outbound(const struct line *line)
{
	char *written = NULL;
	struct pl pl;

	if (config_account_outbound(line, PRIMARY, &pl))
		(void)pl_strdup(&written, &pl);

	return written;
}


/* Do not leave a target behind where the user wrote a name, or nothing */
static void put_back(struct line *line)
{
	const char *uri = account_outbound(line->acc, 0);
	char *written;
	bool ours = false;

	for (unsigned i = PRIMARY; uri && i <= line->serverc; i++)
		ours |= line_server(line, i)->srv &&
			!strcmp(uri, line_server(line, i)->uri);

	if (line->unmanaged || !ours)
		return;

	written = written_outbound(line);
	(void)account_set_outbound(line->acc, written, 0);
	mem_deref(written);
}


/* Is its registration where Baresip would have it by itself? */
static bool is_at_home(const struct line *line)
{
	switch (line->policy.state) {

	case POLICY_IDLE:    return true;
	case POLICY_SETTLED:
	case POLICY_MOVING:  return line->client == PRIMARY;
	default:             return false;
	}
}


/* Leave the account to Baresip, which registers with the first server. It no
   longer has two servers, or the user wants it so. */
static void let_go(struct line *line)
{
	char *written = written_outbound(line);

	registration_restore(line, written, !is_at_home(line));
	mem_deref(written);

	info("failover: %s is managed no longer\n", line_name(line));

	unwanted_keep(line);
	accounts_let_go(line);
}


/* The standby is taken back first. Where servers share their table, that
   removes the binding in use, which nobody would renew later. */
static bool is_to_wait(struct line *line)
{
	const struct settings was = line->set;
	const struct policy *p = &line->policy;

	line->leaving     = true;
	line->set.standby = 0;
	policy_reconfigured(&line->policy, &was, clock_ms(), chance_u32());
	decide_start_timer(line);

	return p->state == POLICY_SETTLED && (p->standby ||
		p->standby_asked || line->todo.unbind ||
		line->checkv[CHECK_UNBIND].req || !binding_is_certain(p));
}


/* It stays unmanaged, for the reason of the trial line */
static void stay_unmanaged(struct line *line, struct line *trial)
{
	const bool told = !line->pending;

	servers_wait(line, trial);
	line->pending = trial->pending;

	mem_deref(line->unmanaged);
	line->unmanaged  = trial->unmanaged;
	trial->unmanaged = NULL;

	if (!told)
		accounts_tell_unmanaged(line);
}


/**
 * Read an account again: manage it, manage it no longer, or use its new
 * servers
 *
 * @param line Line, may be freed
 */
void targets_read(struct line *line)
{
	struct line *trial = NULL;
	int err;

	err = servers_try(&trial, line);
	if (!err) {
		if (line->leaving)
			accounts_reconfigure(line);
		line->leaving = false;
		servers_adopt(line, trial, true);
	}
	else if (err == EINVAL && line->unmanaged)
		stay_unmanaged(line, trial);
	else if (err == EINVAL && trial->pending)
		servers_wait(line, trial);
	else if (err == EINVAL && !is_to_wait(line))
		let_go(line);

	mem_deref(trial);
}


static void timer_handler(void *arg)
{
	struct le *le = list_head(line_list());
	(void)arg;

	while (le) {

		struct line *line = le->data;

		le = le->next;
		targets_read(line);
	}
}


/** Read all accounts again as soon as this is safe */
void targets_read_again(void)
{
	tmr_start(&tmr, 0, timer_handler, NULL);
}


/** Start to look up the names of servers */
void targets_open(void)
{
	tmr_init(&tmr);
	names_open(targets_read_again, is_used);
}


/** Stop it, and restore the outbound proxies that the user wrote */
void targets_close(void)
{
	struct le *le;

	tmr_cancel(&tmr);
	names_close();

	for (le = list_head(line_list()); le; le = le->next)
		put_back(le->data);
}


/**
 * Look up the names of an account's servers again
 *
 * @param line Line
 */
void targets_look_up(struct line *line)
{
	for (unsigned i = 0; i < line->namec; i++)
		names_look_up(line->namev[i]);
}


/**
 * The account has settled: remove servers that it has left and DNS no longer
 * names
 *
 * @param line Line, managed
 */
void targets_settled(struct line *line)
{
	bool left = false;

	for (unsigned i = PRIMARY; i <= line->serverc; i++)
		left |= line_server(line, i)->place.gone &&
			i != line->policy.target;

	for (unsigned i = 0; left && i < line->namec; i++)
		names_tidy(line->namev[i]);
}
