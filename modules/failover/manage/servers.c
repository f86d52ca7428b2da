/**
 * @file servers.c  Changes the servers of an account at run time
 *
 * The changes are read into a trial line, by the code that reads an account at
 * start. If the trial line can be managed, its servers are adopted.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "bye.h"
#include "chance.h"
#include "check.h"
#include "clock.h"
#include "config_account.h"
#include "contact.h"
#include "decide.h"
#include "dial.h"
#include "dialog.h"
#include "expand.h"
#include "line.h"
#include "lookup.h"
#include "policy.h"
#include "renumber.h"
#include "request.h"
#include "servers.h"
#include "stranded.h"
#include "subscription.h"
#include "txn.h"
#include "watch.h"
#include "within.h"


static void destructor(void *arg)
{
	struct line *trial = arg;

	line_drop_servers(trial);
	expand_release(trial);
	mem_deref(trial->unmanaged);
	mem_deref(trial->acc);
}


/**
 * Read an account with its changes
 *
 * @param trialp Returns a line with servers and settings. If it cannot be
 *               managed, it has the reason and the number of the wrong server.
 *               To be released with mem_deref()
 * @param line   Line
 *
 * @return 0 if it can be managed, EINVAL if not, otherwise errorcode
 */
int servers_try(struct line **trialp, const struct line *line)
{
	struct line *trial = mem_zalloc(sizeof(*trial), destructor);

	if (!trial)
		return ENOMEM;

	trial->ua  = line->ua;
	trial->acc = mem_ref(line->acc);
	*trialp    = trial;

	return config_account_changed(trial);
}


/* Compare servers by URI; another spelling is another server */
static void compare(struct renumber *rn, const struct line *line,
		    const struct line *trial)
{
	memset(rn, 0, sizeof(*rn));
	rn->serverc = trial->serverc;

	for (unsigned i = 1; i <= trial->serverc; i++) {

		rn->placev[i - 1] = line_server(trial, i)->place;

		for (unsigned j = 1; j <= line->serverc; j++) {
			if (!strcmp(line_server(trial, i)->uri,
				    line_server(line, j)->uri))
				rn->fromv[i - 1] = j;
		}
	}
}


/* Names that stay are referenced by both lines */
static void take_names(struct line *line, struct line *trial)
{
	struct name *wasv[MAX_SERVERS];
	const unsigned wasc = line->namec;

	memcpy(wasv, line->namev, sizeof(wasv));
	memcpy(line->namev, trial->namev, sizeof(wasv));
	memcpy(trial->namev, wasv, sizeof(wasv));
	line->namec   = trial->namec;
	trial->namec  = wasc;
	line->pending = false;
}


/* Take what the account line says of a server; keep what is known of it */
static void take_written(struct server *srv, struct server *written)
{
	char *name = srv->srv;

	srv->srv     = written->srv;
	written->srv = name;
	srv->regint  = written->regint;
	srv->place   = written->place;
}


/* Keep what is known of the addresses of servers that stay. The others go with
   the trial line. */
static void take_servers(struct line *line, struct line *trial,
			 const struct renumber *rn)
{
	struct server *const wasv = line->serverv;
	const unsigned wasm = line->serverm;

	take_names(line, trial);

	line->serverv  = trial->serverv;
	line->serverc  = trial->serverc;
	line->serverm  = trial->serverm;
	trial->serverv = wasv;
	trial->serverc = 0;
	trial->serverm = wasm;

	for (unsigned i = 0; i < rn->serverc; i++) {

		struct server *now = &line->serverv[i], *was, swap;

		if (!rn->fromv[i])
			continue;

		was  = &trial->serverv[rn->fromv[i] - 1];
		swap = *now;
		*now = *was;
		*was = swap;
		take_written(now, was);
	}
}


static void renumber_line(struct line *line, const struct renumber *rn)
{
	struct decision *todo = &line->todo;

	line->client  = renumber_to(rn, line->client);
	line->presence_server = renumber_to(rn, line->presence_server);

	todo->register_with = renumber_to(rn, todo->register_with);
	todo->standby       = renumber_to(rn, todo->standby);
	todo->unbind        = renumber_to(rn, todo->unbind);
	todo->probe         = renumber_to(rn, todo->probe);

	for (enum check_kind kind = 0; kind < CHECKS; kind++) {

		struct check *check = &line->checkv[kind];

		check->server = renumber_to(rn, check->server);
		if (!check->server)
			check_drop(line, kind);
	}

	for (unsigned i = 0; i < MAX_SERVERS; i++)
		line->probev[i] = mem_deref(line->probev[i]);

	lookup_forget(line);
	tally_renumber(&line->tally, rn);
}


/* Change the numbers in all data that uses them */
static void renumber_rooms(const struct line *line, const struct renumber *rn)
{
	txn_renumber(line, rn);
	subscription_renumber(line, rn);
	watch_renumber(line, rn);
	dial_renumber(line, rn);
	bye_renumber(line, rn);
	within_renumber(line, rn);
	dialog_renumber(line, rn);
	stranded_forget(line);
}


static bool is_expiry_new(const struct line *line, const struct line *trial,
			  const struct renumber *rn)
{
	const unsigned target = line->policy.target;
	const unsigned now = renumber_to(rn, target);

	return now && line_server(line, target)->regint !=
		line_server(trial, now)->regint;
}


static void begin_to_manage(struct line *line, struct line *trial)
{
	const struct renumber rn = { .serverc = trial->serverc };

	line->unmanaged = mem_deref(line->unmanaged);
	line->set       = trial->set;
	take_servers(line, trial, &rn);
	accounts_begin(line);

	info("failover: %s is managed now\n", line_name(line));

	if (!line->unregistered)
		accounts_take_over(line);
}


/* The server that stands by may be taken away: its registration too */
static void leave_standby(struct line *line, const struct renumber *rn)
{
	const unsigned standby = line->policy.standby;

	if (standby && !renumber_to(rn, standby))
		(void)request_deregister(NULL, line, standby,
					 contact_in_use(line), NULL, NULL);
}


static bool is_same_server(const struct server *a, const struct server *b)
{
	return !strcmp(a->uri, b->uri) && !str_cmp(a->srv, b->srv) &&
		a->regint == b->regint &&
		a->place.rank == b->place.rank &&
		a->place.sought == b->place.sought &&
		a->place.gone == b->place.gone;
}


static bool is_same(const struct line *line, const struct line *trial)
{
	if (line->unmanaged || line->serverc != trial->serverc)
		return false;

	for (unsigned i = 0; i < line->serverc; i++) {
		if (!is_same_server(&line->serverv[i], &trial->serverv[i]))
			return false;
	}

	return true;
}


/**
 * DNS decides whether the trial line can be managed. Until it answers, nothing
 * changes.
 *
 * @param line  Line
 * @param trial Trial line
 */
void servers_wait(struct line *line, struct line *trial)
{
	take_names(line, trial);
	line->pending = line->unmanaged != NULL;
}


/**
 * Adopt the servers of a trial line. The registration is left alone unless the
 * server in use has changed. Calls stay.
 *
 * @param line   Line, managed or not
 * @param trial  Trial line, which can be managed
 * @param by_dns True if DNS changed the servers, not the user
 */
void servers_adopt(struct line *line, struct line *trial, bool by_dns)
{
	struct decision d = {0};
	struct renumber rn;
	bool anew;

	if (line->unmanaged) {
		begin_to_manage(line, trial);
		return;
	}

	if (is_same(line, trial)) {
		take_names(line, trial);
		return;
	}

	compare(&rn, line, trial);
	rn.by_dns = by_dns;
	anew = is_expiry_new(line, trial, &rn);
	leave_standby(line, &rn);

	renumber_rooms(line, &rn);
	renumber_line(line, &rn);
	take_servers(line, trial, &rn);
	renumber_policy(&line->policy, &rn, anew, clock_ms(), chance_u32(),
			&d);
	decide_take(line, &d);
}
