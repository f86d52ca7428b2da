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
#include "config_account.h"
#include "expand.h"
#include "line.h"
#include "names.h"
#include "servers.h"
#include "state.h"
#include "targets.h"


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


/* Restore the outbound proxy that the user wrote */
static void put_back(struct line *line)
{
	const char *uri = account_outbound(line->acc, 0);
	char *written = NULL;
	bool ours = false;
	struct pl pl;

	for (unsigned i = PRIMARY; uri && i <= line->serverc; i++)
		ours |= line_server(line, i)->srv &&
			!strcmp(uri, line_server(line, i)->uri);

	if (line->unmanaged || !ours)
		return;

	if (config_account_outbound(line, PRIMARY, &pl))
		(void)pl_strdup(&written, &pl);

	(void)account_set_outbound(line->acc, written, 0);
	mem_deref(written);
}


/* Leave the account to Baresip: it no longer has two servers */
static void let_go(struct line *line)
{
	const bool unregistered = line->policy.state == POLICY_IDLE;
	struct ua *ua = line->ua;

	put_back(line);
	mem_deref(line);

	if (!accounts_add(&line, ua))
		line->unregistered = unregistered;
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


static void read_again(struct line *line)
{
	struct line *trial = NULL;
	int err;

	err = servers_try(&trial, line);
	if (!err)
		servers_adopt(line, trial, true);
	else if (err == EINVAL && line->unmanaged)
		stay_unmanaged(line, trial);
	else if (err == EINVAL && trial->pending)
		servers_wait(line, trial);
	else if (err == EINVAL)
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
		read_again(line);
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
