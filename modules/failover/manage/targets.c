/**
 * @file targets.c  What DNS makes of an account's servers changes
 *
 * Each account is then read again, as if the user had changed its servers. An
 * account without a server of its own is given one while it is managed: the
 * target in use is its outbound proxy.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "config.h"
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


/* As Baresip has read it */
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

	if ((config_param_now(line, "outbound1", &pl) && pl_isset(&pl)) ||
	    (config_param_now(line, "outbound", &pl) && pl_isset(&pl)))
		(void)pl_strdup(&written, &pl);

	(void)account_set_outbound(line->acc, written, 0);
	mem_deref(written);
}


/* Left to Baresip from now on: its servers are not two any more */
static void let_go(struct line *line)
{
	const bool unregistered = line->policy.state == POLICY_IDLE;
	struct ua *ua = line->ua;

	put_back(line);
	mem_deref(line);

	if (!accounts_add(&line, ua))
		line->unregistered = unregistered;
}


/* It is still not managed, for the reason of the line on trial */
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


/** Read all accounts again, as soon as it is safe */
void targets_read_again(void)
{
	tmr_start(&tmr, 0, timer_handler, NULL);
}


/** Begin to ask DNS what the names of servers stand for */
void targets_open(void)
{
	tmr_init(&tmr);
	names_open(targets_read_again, is_used);
}


/** Ask no more; accounts have the outbound proxy that is written */
void targets_close(void)
{
	struct le *le;

	tmr_cancel(&tmr);
	names_close();

	for (le = list_head(line_list()); le; le = le->next)
		put_back(le->data);
}


/**
 * Ask DNS again what the names of an account's servers stand for
 *
 * @param line Line
 */
void targets_look_up(struct line *line)
{
	for (unsigned i = 0; i < line->namec; i++)
		names_look_up(line->namev[i]);
}


/**
 * The account has settled: a server that DNS does not name any more, and that
 * it has left, is dropped
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
