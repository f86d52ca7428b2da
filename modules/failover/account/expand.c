/**
 * @file expand.c  The servers that names stand for
 *
 * The SRV targets of a name stand in the account's list of servers at the
 * place of the name. Servers that the user wrote keep their places. A target
 * that the user also wrote is left out. If there is no room, targets are left
 * out.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "expand.h"
#include "line.h"
#include "names.h"


static bool is_listed(const struct line *line, const struct server *srvv,
		      unsigned n, const struct server *srv)
{
	for (unsigned i = 0; i < line->serverc; i++) {
		if (server_equal(&line->serverv[i], srv))
			return true;
	}

	/* ... or will be */
	for (unsigned i = 0; i < n; i++) {
		if (!names_is_candidate(&srvv[i]) &&
		    server_equal(&srvv[i], srv))
			return true;
	}

	return false;
}


static int make_server(struct server *srv, const struct name *name,
		       const struct name_target *target)
{
	struct pl uri;
	int err;

	pl_set_str(&uri, target->uri);
	err = server_decode(srv, &uri);
	if (!err)
		err = str_dup(&srv->srv, name->host);

	if (err)
		server_reset(srv);

	return err;
}


/* Targets of one priority are equally good */
static void place(struct line *line, const struct name_target *target,
		  const struct name_target *before)
{
	struct policy_place *place = &line->serverv[line->serverc - 1].place;
	const bool same = before && !before->gone && !target->gone &&
		before->priority == target->priority;

	place->sought = !target->gone;
	place->gone   = target->gone;
	place->rank   = same ? line->serverv[line->serverc - 2].place.rank :
		line->serverc;
}


/* Replace a name by its targets; leave room for the rest of the list */
static void add_targets(struct line *line, const struct name *name,
			uint32_t regint, const struct server *restv,
			unsigned restc)
{
	const struct name_target *before = NULL;

	for (unsigned i = 0; i < name->targetc; i++) {

		const struct name_target *target = &name->targetv[i];
		struct server *srv = &line->serverv[line->serverc];

		if (line->serverc + restc >= MAX_SERVERS ||
		    make_server(srv, name, target))
			return;

		if (is_listed(line, restv, restc, srv)) {
			server_reset(srv);
			continue;
		}

		srv->regint = regint;
		++line->serverc;
		place(line, target, before);
		before = target;
	}
}


static struct name *get_name(struct line *line, const struct server *srv)
{
	struct name *name;

	if (!line->set.srv || !names_is_candidate(srv))
		return NULL;

	name = names_get(srv, line_aor(line));
	if (name)
		line->namev[line->namec++] = name;

	return name;
}


/**
 * Replace each name by its servers, if DNS has answered
 *
 * @param line Line, with its servers as written
 */
void expand_servers(struct line *line)
{
	const unsigned n = line->serverc;
	struct server wasv[MAX_SERVERS];

	memcpy(wasv, line->serverv, sizeof(wasv));
	memset(line->serverv, 0, sizeof(wasv));
	line->serverc = 0;

	for (unsigned i = 0; i < n; i++) {

		const struct name *name = get_name(line, &wasv[i]);

		if (name && name->is_list) {
			add_targets(line, name, wasv[i].regint, &wasv[i + 1],
				    n - i - 1);
			server_reset(&wasv[i]);
		}
		else {
			line->serverv[line->serverc++] = wasv[i];
		}
	}
}


/**
 * Has DNS not answered yet?
 *
 * @param line Line
 *
 * @return True if a name may still stand for several servers
 */
bool expand_is_waiting(const struct line *line)
{
	for (unsigned i = 0; i < line->namec; i++) {
		if (!line->namev[i]->known)
			return true;
	}

	return false;
}


/**
 * Does one of the names stand for several servers?
 *
 * @param line Line
 *
 * @return True if it does
 */
bool expand_has_list(const struct line *line)
{
	for (unsigned i = 0; i < line->namec; i++) {
		if (line->namev[i]->is_list)
			return true;
	}

	return false;
}


/**
 * Stop looking up the names
 *
 * @param line Line
 */
void expand_release(struct line *line)
{
	while (line->namec)
		mem_deref(line->namev[--line->namec]);
}
