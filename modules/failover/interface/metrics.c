/**
 * @file metrics.c  Metrics for Prometheus
 *
 * Text format 0.0.4 wants all samples of a family together. So the families
 * are printed one after the other, each with all accounts.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "json.h"
#include "line.h"
#include "metrics.h"
#include "view.h"

#define PREFIX "baresip_failover_"

typedef int (line_h)(struct re_printf *pf, const char *name,
		     const struct line *line);

/** One value for each server */
typedef unsigned (server_h)(const struct line *line, unsigned server);

struct family {
	const char *name;            /**< Without the prefix                 */
	const char *type;
	const char *help;
	int (*globalh)(struct re_printf *pf);/**< Samples without account    */
	line_h *lineh;               /**< Samples of an account              */
	server_h *serverh;           /**< A sample for each server of it     */
};


static int print_build(struct re_printf *pf)
{
	return re_hprintf(pf, PREFIX "build_info{version=%H,libre=%H} 1\n",
			  json_label, FAILOVER_VERSION,
			  json_label, sys_libre_version_get());
}


static int print_recoveries(struct re_printf *pf)
{
	const struct tally_recoveries *r = tally_recoveries();
	unsigned sum = 0;
	int err = 0;

	for (unsigned i = 0; i < TALLY_BUCKETS; i++) {

		sum += r->bucketv[i];
		err |= re_hprintf(pf, PREFIX "recovery_duration_seconds_bucket"
				  "{le=\"%s\"} %u\n", tally_limitname(i),
				  sum);
	}

	err |= re_hprintf(pf, PREFIX "recovery_duration_seconds_bucket"
			  "{le=\"+Inf\"} %u\n", r->count);
	err |= re_hprintf(pf, PREFIX "recovery_duration_seconds_sum %.3f\n",
			  (double)r->sum_ms / 1000);

	return err | re_hprintf(pf, PREFIX "recovery_duration_seconds_count"
				" %u\n", r->count);
}


static int print_sample(struct re_printf *pf, const char *name,
			const struct line *line, const char *label,
			const char *val, unsigned v)
{
	return re_hprintf(pf, PREFIX "%s{aor=%H,%s=%H} %u\n", name,
			  json_label, line_aor(line), label, json_label, val,
			  v);
}


static int print_uri(struct re_printf *pf, const char *name,
		     const struct line *line)
{
	int err = 0;

	for (unsigned i = 1; i <= line->serverc; i++)
		err |= re_hprintf(pf, PREFIX "%s{aor=%H,server=\"%u\",uri=%H}"
				  " 1\n", name, json_label, line_aor(line), i,
				  json_label, line_server(line, i)->uri);

	return err;
}


static int print_state(struct re_printf *pf, const char *name,
		       const struct line *line)
{
	static const char *const statev[] = {
		"primary", "backup", "moving", "down", "unmanaged"
	};
	const char *now = line->unmanaged ? "unmanaged" :
		view_statename(&line->policy);
	int err = 0;

	for (size_t i = 0; i < RE_ARRAY_SIZE(statev); i++)
		err |= print_sample(pf, name, line, "state", statev[i],
				    !str_cmp(now, statev[i]));

	return err;
}


static unsigned server_up(const struct line *line, unsigned server)
{
	return line->policy.serverv[server - 1].health == HEALTH_UP;
}


static unsigned server_active(const struct line *line, unsigned server)
{
	return view_active(&line->policy) == server;
}


static unsigned server_registered(const struct line *line, unsigned server)
{
	return line->policy.serverv[server - 1].registered;
}


static int print_active(struct re_printf *pf, const char *name,
			const struct line *line)
{
	int err = 0;

	for (unsigned i = 1; i <= line->serverc; i++)
		err |= re_hprintf(pf, PREFIX "%s{aor=%H,server=\"%u\"} %.3f\n",
				  name, json_label, line_aor(line), i,
				  (double)tally_active_ms(&line->tally, i,
							  clock_ms()) / 1000);

	return err;
}


/* Print all causes, also those with 0, so that a rate has a start */
static int print_failures(struct re_printf *pf, const char *name,
			  const struct line *line)
{
	int err = 0;

	for (unsigned i = 0; i < line->serverc; i++) {
		for (unsigned c = 0; c < TALLY_CAUSES; c++)
			err |= re_hprintf(pf, PREFIX "%s{aor=%H,server=\"%u\","
					  "cause=\"%s\"} %u\n", name,
					  json_label, line_aor(line), i + 1,
					  tally_causename(c),
					  line->tally.failurev[i][c]);
	}

	return err;
}


static int print_switches(struct re_printf *pf, const char *name,
			  const struct line *line)
{
	const struct policy_counters *c = &line->policy.counters;

	return print_sample(pf, name, line, "kind", "failover",
			    c->failovers) |
		print_sample(pf, name, line, "kind", "failback",
			     c->failbacks);
}


static int print_exhausted(struct re_printf *pf, const char *name,
			   const struct line *line)
{
	return re_hprintf(pf, PREFIX "%s{aor=%H} %u\n", name, json_label,
			  line_aor(line), line->policy.counters.exhausted);
}


static int print_requests(struct re_printf *pf, const char *name,
			  const struct line *line)
{
	return print_sample(pf, name, line, "method", "INVITE",
			    line->calls_moved) |
		print_sample(pf, name, line, "method", "BYE",
			     line->byes_moved) |
		print_sample(pf, name, line, "method", "other",
			     line->requests_moved);
}


static int print_switched(struct re_printf *pf, const char *name,
			  const struct line *line)
{
	if (!line->tally.switched)
		return 0;

	return re_hprintf(pf, PREFIX "%s{aor=%H} %lld\n", name, json_label,
			  line_aor(line), (long long)line->tally.switched);
}


static const struct family familyv[] = {
{"build_info", "gauge", "Version of the module and of libre",
	print_build, NULL, NULL},
{"account_state", "gauge", "State of an account: the one that is 1",
	NULL, print_state, NULL},
{"server_info", "gauge", "Address of a server",
	NULL, print_uri, NULL},
{"server_up", "gauge", "1 if the server was seen to answer",
	NULL, NULL, server_up},
{"server_active", "gauge", "1 if the account uses the server",
	NULL, NULL, server_active},
{"server_registered", "gauge", "1 if a registration stands at the server",
	NULL, NULL, server_registered},
{"server_active_seconds_total", "counter", "Time that the server was in use",
	NULL, print_active, NULL},
{"server_failures_total", "counter", "Times that the server was given up",
	NULL, print_failures, NULL},
{"switches_total", "counter", "Moves to another server",
	NULL, print_switches, NULL},
{"rounds_exhausted_total", "counter", "Rounds in which every server failed",
	NULL, print_exhausted, NULL},
{"requests_moved_total", "counter", "Requests that another server was sent",
	NULL, print_requests, NULL},
{"last_switch_timestamp_seconds", "gauge", "When the account moved last",
	NULL, print_switched, NULL},
{"recovery_duration_seconds", "histogram",
	"From a failed server's last chance to the registration with another",
	print_recoveries, NULL, NULL},
};


/**
 * Number of families of metrics
 *
 * @return Number
 */
unsigned metrics_count(void)
{
	return RE_ARRAY_SIZE(familyv);
}


/**
 * Print an account's samples of a family. For NULL, print the head of the
 * family and its samples without account.
 *
 * @param pf     Print function
 * @param family Family from 0
 * @param line   Line, or NULL
 *
 * @return 0 if success, otherwise errorcode
 */
int metrics_print(struct re_printf *pf, unsigned family,
		  const struct line *line)
{
	const struct family *f = &familyv[family];
	int err = 0;

	if (!line) {
		err = re_hprintf(pf, "# HELP " PREFIX "%s %s\n"
				 "# TYPE " PREFIX "%s %s\n", f->name, f->help,
				 f->name, f->type);
		return f->globalh ? err | f->globalh(pf) : err;
	}

	/* of an unmanaged account only the state is known, nothing of its
	   servers */
	if (line->unmanaged && f->lineh != print_state)
		return 0;

	if (f->lineh)
		return f->lineh(pf, f->name, line);

	for (unsigned i = 1; f->serverh && i <= line->serverc; i++)
		err |= re_hprintf(pf, PREFIX "%s{aor=%H,server=\"%u\"} %u\n",
				  f->name, json_label, line_aor(line), i,
				  f->serverh(line, i));

	return err;
}
