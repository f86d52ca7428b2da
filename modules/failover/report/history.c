/**
 * @file history.c  The history of an account
 *
 * The latest changes are kept for a user who looks later. An account that has
 * not moved uses no memory for them.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <time.h>
#include "history.h"
#include "line.h"
#include "report.h"


static void destructor(void *arg)
{
	struct history *h = arg;

	list_unlink(&h->le);
	mem_deref(h->reason);
}


/* Without memory there is no history; all else goes on */
static void add(struct line *line, const struct decision *d, int64_t wall)
{
	struct history *h = mem_zalloc(sizeof(*h), destructor);

	if (!h)
		return;

	h->time = wall;
	h->from = d->from;
	h->to   = d->to;

	if (str_dup(&h->reason, report_reason(line, d))) {
		mem_deref(h);
		return;
	}

	if (list_count(&line->historyl) == HISTORY_MAX)
		mem_deref(list_ledata(list_head(&line->historyl)));

	list_append(&line->historyl, &h->le, h);
}


/**
 * Store a decision that changes the server in use, and the end of a recovery
 *
 * @param line        Line
 * @param d           Decision
 * @param wall        Time of day [s since 1970]
 * @param recovery_ms Duration of the recovery that ends now, 0: none [ms]
 */
void history_decision(struct line *line, const struct decision *d,
		      int64_t wall, uint64_t recovery_ms)
{
	struct history *last = list_ledata(list_tail(&line->historyl));

	if (recovery_ms && last)
		last->recovery_ms = recovery_ms;

	if (d->tell != TELL_NOTHING)
		add(line, d, wall);
}


static int print_server(struct re_printf *pf, const void *arg)
{
	const unsigned server = *(const unsigned *)arg;

	return server ? re_hprintf(pf, "%u", server) :
		re_hprintf(pf, "none");
}


static int print_change(struct re_printf *pf, const struct history *h)
{
	const time_t t = (time_t)h->time;
	char when[32] = "?";
	struct tm tm;
	int err;

	if (localtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);

	err = re_hprintf(pf, "  %s  %H -> %H  %s", when, print_server,
			 &h->from, print_server, &h->to, h->reason);
	if (h->recovery_ms)
		err |= re_hprintf(pf, " (%.1f s)",
				  (double)h->recovery_ms / 1000);

	return err | re_hprintf(pf, "\n");
}


/**
 * Print the changes of an account, the latest last
 *
 * @param pf   Print function
 * @param line Line
 *
 * @return 0 if success, otherwise errorcode
 */
int history_print(struct re_printf *pf, const struct line *line)
{
	struct le *le;
	int err;

	err = re_hprintf(pf, "%s: %s\n", line_name(line),
			 list_isempty(&line->historyl) ? "no changes" :
			 "changes");

	for (le = list_head(&line->historyl); le; le = le->next)
		err |= print_change(pf, le->data);

	return err;
}


static int change_dict(struct odict **odp, const struct history *h)
{
	struct odict *od;
	int err;

	err = odict_alloc(&od, 8);
	if (err)
		return err;

	err |= odict_entry_add(od, "time", ODICT_INT, h->time);
	err |= odict_entry_add(od, "from", ODICT_INT, (int64_t)h->from);
	err |= odict_entry_add(od, "to", ODICT_INT, (int64_t)h->to);
	err |= odict_entry_add(od, "reason", ODICT_STRING, h->reason);

	if (h->recovery_ms)
		err |= odict_entry_add(od, "recovery_s", ODICT_DOUBLE,
				       (double)h->recovery_ms / 1000);
	else
		err |= odict_entry_add(od, "recovery_s", ODICT_NULL);

	*odp = od;

	return err;
}


/**
 * The changes of an account for JSON, the latest first
 *
 * @param odp  Returns an array
 * @param line Line
 *
 * @return 0 if success, otherwise errorcode
 */
int history_dict(struct odict **odp, const struct line *line)
{
	struct odict *od;
	struct le *le;
	int err;

	err = odict_alloc(&od, 4);
	if (err)
		return err;

	for (le = list_tail(&line->historyl); le && !err; le = le->prev) {

		struct odict *change = NULL;

		err  = change_dict(&change, le->data);
		err |= odict_entry_add(od, "", ODICT_OBJECT, change);
		mem_deref(change);
	}

	*odp = od;

	return err;
}
