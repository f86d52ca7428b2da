/**
 * @file status.c  The status of an account, for programs
 *
 * docs/reference.md defines the JSON object. Its shape is fixed.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "foreign.h"
#include "history.h"
#include "line.h"
#include "state.h"
#include "status.h"
#include "view.h"


enum {
	TEXT_SIZE = 1024,            /**< Enough for any account line        */
};


/* Time between now and then [s] */
static double age_s(uint64_t now, uint64_t then)
{
	return now > then ? (double)(now - then) / 1000 : 0;
}


static const char *state_name(const struct line *line)
{
	return line->unmanaged ? "unmanaged" : view_statename(&line->policy);
}


/* JSON is UTF-8: RFC 8259 section 8.1. The user's files may not be. */
static int add_text(struct odict *od, const char *key, const char *text)
{
	char clean[TEXT_SIZE];

	foreign_clean(clean, sizeof(clean), text, strlen(text));

	return odict_entry_add(od, key, ODICT_STRING, clean);
}


static int server_dict(struct odict **odp, const struct line *line,
		       unsigned server)
{
	const struct policy_server *ps = &line->policy.serverv[server - 1];
	struct odict *od;
	int err;

	err = odict_alloc(&od, 8);
	if (err)
		return err;

	err |= odict_entry_add(od, "index", ODICT_INT, (int64_t)server);
	err |= add_text(od, "uri", line_server(line, server)->uri);
	err |= odict_entry_add(od, "state", ODICT_STRING,
			       view_server(ps));
	err |= odict_entry_add(od, "registered", ODICT_BOOL, ps->registered);
	err |= odict_entry_add(od, "reason", ODICT_STRING, ps->reason);
	err |= odict_entry_add(od, "since_s", ODICT_DOUBLE,
			       age_s(clock_ms(), ps->since));
	if (line_server(line, server)->srv)
		err |= add_text(od, "srv", line_server(line, server)->srv);
	if (ps->place.gone)
		err |= odict_entry_add(od, "gone", ODICT_BOOL, true);
	*odp = od;

	return err;
}


static int servers_dict(struct odict **odp, const struct line *line)
{
	struct odict *od;
	int err;

	err = odict_alloc(&od, MAX_SERVERS);
	if (err)
		return err;

	for (unsigned i = 1; i <= line->serverc && !err; i++) {

		struct odict *srv = NULL;

		err  = server_dict(&srv, line, i);
		err |= odict_entry_add(od, "", ODICT_OBJECT, srv);
		mem_deref(srv);
	}

	*odp = od;

	return err;
}


static int failback_dict(struct odict **odp, const struct line *line)
{
	const struct policy *p = &line->policy;
	struct odict *od;
	int err;

	err = odict_alloc(&od, 4);
	if (err)
		return err;

	err |= odict_entry_add(od, "enabled", ODICT_BOOL,
			       line->set.failback != 0);
	err |= odict_entry_add(od, "interval_s", ODICT_INT,
			       (int64_t)line->set.failback_interval_s);

	if (!line->unmanaged && policy_waits(p, WAIT_CHECK))
		err |= odict_entry_add(od, "next_s", ODICT_DOUBLE,
				       age_s(p->waitv[WAIT_CHECK], clock_ms()));
	else
		err |= odict_entry_add(od, "next_s", ODICT_NULL);

	*odp = od;

	return err;
}


static int counters_dict(struct odict **odp, const struct line *line)
{
	const struct policy_counters *c = &line->policy.counters;
	struct odict *od;
	int err;

	err = odict_alloc(&od, 8);
	if (err)
		return err;

	err |= odict_entry_add(od, "failovers", ODICT_INT,
			       (int64_t)c->failovers);
	err |= odict_entry_add(od, "failbacks", ODICT_INT,
			       (int64_t)c->failbacks);
	err |= odict_entry_add(od, "exhausted", ODICT_INT,
			       (int64_t)c->exhausted);
	err |= odict_entry_add(od, "calls_moved", ODICT_INT,
			       (int64_t)line->calls_moved);
	err |= odict_entry_add(od, "byes_moved", ODICT_INT,
			       (int64_t)line->byes_moved);
	err |= odict_entry_add(od, "requests_moved", ODICT_INT,
			       (int64_t)line->requests_moved);

	*odp = od;

	return err;
}


static int asked_dict(struct odict **odp, const struct line *line)
{
	const struct asked *asked = line->asked;
	struct odict *od;
	int err;

	err = odict_alloc(&od, 4);
	if (err)
		return err;

	err |= add_text(od, "uri", asked->server.uri);
	err |= odict_entry_add(od, "answered", ODICT_BOOL, asked->answered);
	err |= add_text(od, "text", asked->text);
	err |= odict_entry_add(od, "time", ODICT_INT, asked->time);

	*odp = od;

	return err;
}


static int add_asked(struct odict *od, const struct line *line)
{
	struct odict *asked = NULL;
	int err;

	if (!line->asked || !line->asked->text)
		return odict_entry_add(od, "test", ODICT_NULL);

	err = asked_dict(&asked, line);
	if (!err)
		err = odict_entry_add(od, "test", ODICT_OBJECT, asked);
	mem_deref(asked);

	return err;
}


/**
 * Print an account's status as a JSON object
 *
 * @param pf   Print function
 * @param line Line
 *
 * @return 0 if success, otherwise errorcode
 */
int status_json(struct re_printf *pf, const struct line *line)
{
	struct odict *od = NULL, *servers = NULL, *failback = NULL;
	struct odict *counters = NULL, *history = NULL;
	int err;

	err  = odict_alloc(&od, 8);
	err |= servers_dict(&servers, line);
	err |= failback_dict(&failback, line);
	err |= counters_dict(&counters, line);
	err |= history_dict(&history, line);
	if (err)
		goto out;

	err |= add_text(od, "aor", line_aor(line));
	err |= odict_entry_add(od, "state", ODICT_STRING, state_name(line));
	if (line->unmanaged || line->told_offline)
		err |= add_text(od, "reason", line->unmanaged ?
				line->unmanaged : "no network");
	err |= odict_entry_add(od, "active", ODICT_INT, line->unmanaged ?
			       (int64_t)0 :
			       (int64_t)view_active(&line->policy));
	if (!line->unmanaged)
		err |= odict_entry_add(od, "standby", ODICT_INT,
				       (int64_t)line->policy.standby);
	if (!line->unmanaged && policy_waits(&line->policy, WAIT_ROUND))
		err |= odict_entry_add(od, "round_s", ODICT_DOUBLE,
				       age_s(line->policy.waitv[WAIT_ROUND],
					     clock_ms()));
	err |= odict_entry_add(od, "servers", ODICT_ARRAY, servers);
	err |= odict_entry_add(od, "failback", ODICT_OBJECT, failback);
	err |= odict_entry_add(od, "counters", ODICT_OBJECT, counters);
	err |= odict_entry_add(od, "history", ODICT_ARRAY, history);
	err |= add_asked(od, line);
	if (err)
		goto out;

	err = json_encode_odict(pf, od);

 out:
	mem_deref(history);
	mem_deref(counters);
	mem_deref(failback);
	mem_deref(servers);
	mem_deref(od);

	return err;
}
