/**
 * @file simulate.c  What the servers of a fleet see, as a table
 *
 *     simulate [PHONES] | test/pictures/fleet.py >docs/fleet.svg
 *
 * Standard output: a line for each second in which anything was seen, to be
 * plotted. Standard error: a line for each fleet, to be read.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <stdlib.h>
#include "plans.h"


enum {
	PHONES = 100000,
};


static const unsigned jitterv[] = { 0, 10, 50 };

enum { JITTERS = sizeof(jitterv) / sizeof(jitterv[0]) };


static void print_seconds(const struct fleet *fleet, const struct plan *plan,
			  const char *name, unsigned variant)
{
	const struct second *v = fleet_seconds(fleet);

	for (uint32_t s = 0; s < plan->seconds; s++) {

		if (v[s].seen[0] || v[s].seen[1])
			printf("%s,%u,%u,%u,%u,%u\n", name, variant, s,
			       v[s].seen[0], v[s].seen[1], v[s].on_primary);
	}
}


/* Phones whose primary restarts do not leave it */
static uint32_t back_after_s(const struct fleet *fleet, unsigned percent,
			     uint32_t begin_s)
{
	const uint32_t s = fleet_back_s(fleet, percent);

	return s > begin_s ? s - begin_s : 0;
}


/* Play a plan; what is said counts from the primary's return on */
static void play(const struct plan *plan, const char *name, unsigned variant)
{
	struct fleet *fleet = fleet_alloc(plan);
	const uint32_t back_s = plan->cut_s ? plan->cut_s :
		plan->alive_s[PRIMARY - 1];

	if (!fleet) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}

	fleet_run(fleet);
	print_seconds(fleet, plan, name, variant);

	fprintf(stderr, "%-9s %3u  primary %6u/s, %6u in 10 ms  backup"
		" %6u/s  99 %% back"
		" %5u s  all %5u s after it returned  %u elsewhere\n",
		name, variant,
		fleet_peak(fleet, PRIMARY, back_s, plan->seconds),
		fleet_burst(fleet, PRIMARY),
		fleet_peak(fleet, BACKUP, 0, plan->seconds),
		back_after_s(fleet, 99, back_s),
		back_after_s(fleet, 100, back_s),
		plan->phones - fleet_on(fleet, PRIMARY));

	fleet_free(fleet);
}


int main(int argc, char *argv[])
{
	const unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : PHONES;
	struct plan plan;

	printf("fleet,variant,second,primary,backup,on_primary\n");

	for (unsigned i = 0; i < JITTERS; i++) {

		plan = plan_power_cut(n, jitterv[i]);
		play(&plan, "together", jitterv[i]);
		plan = plan_overload(n, jitterv[i], n / 50);
		play(&plan, "overload", jitterv[i]);
		plan = plan_keepalive(n, jitterv[i]);
		play(&plan, "keepalive", jitterv[i]);
		plan = plan_refresh(n, jitterv[i]);
		play(&plan, "refresh", jitterv[i]);
	}

	for (unsigned alike = 0; alike <= 1; alike++) {

		plan = plan_all_dead(n, alike);
		play(&plan, "all_dead", alike);
		plan = plan_restart(n, alike);
		play(&plan, "restart", alike);
	}

	return 0;
}
