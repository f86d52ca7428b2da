/**
 * @file table.c  The status of an account, for a reader
 *
 * Each line fits a terminal of 80 columns, but a URI is never broken.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "line.h"
#include "order.h"
#include "state.h"
#include "table.h"
#include "view.h"


enum {
	COLUMNS   = 79,
	URI_WIDTH = 45,              /**< After a server's state             */
	TEXT_SIZE = 4096,            /**< As in a log line                   */
	TIME_SIZE = 16,
};

#define INDENT "             "       /* text about a server                  */
#define NARROW "  "                  /* text about the account               */


/* Bytes of a text that fit, in whole words if possible */
static size_t fitting(const char *text, size_t width)
{
	size_t i, columns = 0, blank = 0;

	for (i = 0; text[i]; i++) {

		/* continuation bytes of UTF-8 take no column */
		if (((unsigned char)text[i] & 0xc0) != 0x80 &&
		    ++columns > width)
			return blank ? blank : i;

		if (text[i] == ' ')
			blank = i;
	}

	return i;
}


static int print_text(struct re_printf *pf, const char *indent,
		      const char *text)
{
	int err = 0;

	while (*text && !err) {

		const size_t n = fitting(text, COLUMNS - strlen(indent));

		err = re_hprintf(pf, "%s%b\n", indent, text, n);
		for (text += n; *text == ' '; ++text)
			;
	}

	return err;
}


/* Rounded, in a unit that is easy to read */
static const char *print_time(char *buf, uint64_t ms)
{
	const unsigned s = (unsigned)((ms + 500) / 1000), min = (s + 30) / 60;

	if (s <= 120)
		(void)re_snprintf(buf, TIME_SIZE, "%u s", s);
	else if (min <= 120)
		(void)re_snprintf(buf, TIME_SIZE, "%u min", min);
	else if (min <= 48 * 60)
		(void)re_snprintf(buf, TIME_SIZE, "%u h", (min + 30) / 60);
	else
		(void)re_snprintf(buf, TIME_SIZE, "%u days",
				  (min + 720) / 1440);

	return buf;
}


static uint64_t from_to(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}


/* What to do when an answer refuses the account */
static const char *remedy(const char *reason)
{
	switch (strtoul(reason, NULL, 10)) {

	case 401:
	case 407: return ": check auth_user and auth_pass";
	case 403: return ": the server refuses this user, password or"
			 " address";
	case 404: return ": the server does not know this user";
	default:  return "";
	}
}


static void print_refused(char *text, const struct line *line)
{
	const struct policy *p = &line->policy;
	const char *reason = p->serverv[p->target - 1].reason;

	(void)re_snprintf(text, TEXT_SIZE, "%s: not registered, %s answers"
			  " %s%s", line_name(line), view_statename(p), reason,
			  remedy(reason));
}


static int print_headline(struct re_printf *pf, const struct line *line)
{
	const struct policy *p = &line->policy;
	char text[TEXT_SIZE];

	if (line->unmanaged)
		(void)re_snprintf(text, sizeof(text), "%s: unmanaged (%s)",
				  line_name(line), line->unmanaged);
	else if (line->told_offline)
		(void)re_snprintf(text, sizeof(text), "%s: down (no network)",
				  line_name(line));
	else if (p->state == POLICY_MOVING)
		(void)re_snprintf(text, sizeof(text), "%s: moving to server"
				  " %u", line_name(line), p->target);
	else if (p->state == POLICY_IDLE)
		(void)re_snprintf(text, sizeof(text), "%s: down, not asked to"
				  " register", line_name(line));
	else if (p->state == POLICY_SETTLED &&
		 !p->serverv[p->target - 1].registered)
		print_refused(text, line);
	else
		(void)re_snprintf(text, sizeof(text), "%s: %s",
				  line_name(line), view_statename(p));

	return print_text(pf, "", text);
}


static const char *registered_name(const struct policy *p, unsigned server)
{
	if (!p->serverv[server - 1].registered)
		return "";

	return server == p->standby ? "standby" : "registered";
}


static int print_server(struct re_printf *pf, const struct line *line,
			unsigned server)
{
	const struct policy *p = &line->policy;
	const struct policy_server *ps = &p->serverv[server - 1];
	const char *uri = line_server(line, server)->uri;
	char text[TEXT_SIZE], time[TIME_SIZE];
	int err;

	(void)re_snprintf(text, sizeof(text), "%-8s%s", view_server(ps),
			  ps->maintenance ? "" : registered_name(p, server));
	err = re_hprintf(pf, "%s server %u  %-19s%s%s\n",
			 server == view_active(p) ? " >" : "  ", server, text,
			 strlen(uri) > URI_WIDTH ? "\n     " : "", uri);

	if (ps->place.gone)
		err |= print_text(pf, INDENT, "DNS does not name it any more");
	if (ps->health == HEALTH_UNKNOWN)
		return err | print_text(pf, INDENT, ps->reason);

	(void)re_snprintf(text, sizeof(text), "%s, since %s", ps->reason,
			  print_time(time, from_to(ps->since, clock_ms())));

	return err | print_text(pf, INDENT, text);
}


/* Print a name once for all of its servers */
static int print_name(struct re_printf *pf, const struct line *line,
		      unsigned server)
{
	const char *name = line_server(line, server)->srv;
	const char *before = server > PRIMARY ?
		line_server(line, server - 1)->srv : NULL;
	char text[TEXT_SIZE];

	if (!name || (before && !strcmp(name, before)))
		return 0;

	(void)re_snprintf(text, sizeof(text), "%s stands for:", name);

	return print_text(pf, NARROW, text);
}


static int print_trying(struct re_printf *pf, const struct policy *p)
{
	const uint64_t now = clock_ms();
	const uint64_t given = from_to(p->pending_since, order_deadline(p));

	return re_hprintf(pf, NARROW "trying server %u for %u of %u%s s\n",
			  p->target,
			  (unsigned)(from_to(p->pending_since, now) / 1000),
			  (unsigned)(given / 1000), given % 1000 ? ".5" : "");
}


static int print_check(struct re_printf *pf, const struct policy *p)
{
	static const char *const longerv[MAX_FLAPS + 1] = {
		"", "doubled", "four times as long", "eight times as long"
	};
	const uint64_t due = p->waitv[WAIT_CHECK], now = clock_ms();
	char text[TEXT_SIZE], time[TIME_SIZE];
	int n;

	n = re_snprintf(text, sizeof(text), "next look for the primary in %s",
			print_time(time, from_to(now, due)));
	if (n < 0)
		return ENOMEM;

	if (due == p->serverv[PRIMARY - 1].retry_after)
		(void)re_snprintf(text + n, sizeof(text) - (size_t)n,
				  " (Retry-After: it has asked for that)");
	else if (p->flaps)
		(void)re_snprintf(text + n, sizeof(text) - (size_t)n,
				  " (%s: it failed soon after the last"
				  " return)", longerv[p->flaps]);

	return print_text(pf, NARROW, text);
}


/* Print what happens now or next */
static int print_next(struct re_printf *pf, const struct policy *p)
{
	char time[TIME_SIZE];

	if (policy_waits(p, WAIT_ANSWER))
		return print_trying(pf, p);
	else if (p->probing > PRIMARY)
		return re_hprintf(pf, NARROW "asking server %u now\n",
				  p->probing);
	else if (p->probing)
		return re_hprintf(pf, NARROW "looking for the primary now\n");
	else if (policy_waits(p, WAIT_CHECK) &&
		 state_in_maintenance(p, p->target))
		return re_hprintf(pf, NARROW "asks the other servers in"
				  " %s\n", print_time(time,
				  from_to(clock_ms(), p->waitv[WAIT_CHECK])));
	else if (policy_waits(p, WAIT_CHECK))
		return print_check(pf, p);
	else if (policy_waits(p, WAIT_ROUND))
		return re_hprintf(pf, NARROW "next round in %s\n",
				  print_time(time, from_to(clock_ms(),
						     p->waitv[WAIT_ROUND])));
	else if (p->state == POLICY_SETTLED && state_is_better(p, PRIMARY))
		return re_hprintf(pf, NARROW "stays here, %s\n",
				  state_in_maintenance(p, PRIMARY) ?
				  "the primary is in maintenance" :
				  "failover_failback is no");

	return 0;
}


/**
 * Print an account's status for a reader
 *
 * @param pf   Print function
 * @param line Line
 *
 * @return 0 if success, otherwise errorcode
 */
int table_print(struct re_printf *pf, const struct line *line)
{
	int err = print_headline(pf, line);

	if (line->unmanaged)
		return err;

	for (unsigned i = 1; i <= line->serverc; i++) {
		err |= print_name(pf, line, i);
		err |= print_server(pf, line, i);
	}

	return err | print_next(pf, &line->policy);
}
