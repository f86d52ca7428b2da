/**
 * @file action.c  Carries out the decisions of an account's policy
 *
 * Called by decide.c, from a timer.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "action.h"
#include "bye.h"
#include "bye_move.h"
#include "chance.h"
#include "check.h"
#include "clock.h"
#include "contact.h"
#include "decide.h"
#include "dial.h"
#include "line.h"
#include "order.h"
#include "own_side.h"
#include "policy.h"
#include "redial.h"
#include "registration.h"
#include "stall.h"
#include "state.h"
#include "stranded.h"
#include "subscription.h"
#include "targets.h"
#include "trace.h"
#include "unread.h"
#include "watch.h"
#include "within.h"


enum {
	NOTICE_MS = 1,               /**< libre reads its sockets meanwhile  */
};


/* Drop our own requests, and TCP probes, which may use an address that is
   gone */
static void drop(struct line *line)
{
	line->drop_requests = false;

	check_drop(line, CHECK_PROBE);
	check_drop(line, CHECK_KEEPALIVE);
	if (!line->policy.standby_asked)
		check_drop(line, CHECK_STANDBY);
	if (!line->policy.renewing)
		check_drop(line, CHECK_RENEWAL);

	for (unsigned i = 0; i < MAX_SERVERS; i++)
		line->probev[i] = mem_deref(line->probev[i]);
}


/* Before anything is sent to a server: what was left behind there ends. Of
   that libre hears when it next looks at its sockets. */
static bool is_to_wait(struct line *line, const struct decision *todo)
{
	bool wait = false;

	if (todo->register_with) {
		wait |= subscription_leave(line, todo->register_with);
		wait |= stall_leave(line, todo->register_with);
	}

	if (todo->probe)
		wait |= stall_leave(line, todo->probe);
	if (todo->standby)
		wait |= stall_leave(line, todo->standby);
	if (todo->unbind)
		wait |= stall_leave(line, todo->unbind);
	if ((todo->renew || todo->keepalive) && line->policy.target)
		wait |= stall_leave(line, line->policy.target);

	return wait;
}


static void action_handler(struct line *line)
{
	const struct decision todo = line->todo;

	if (is_to_wait(line, &todo)) {
		decide_wait(line, NOTICE_MS);
		return;
	}

	memset(&line->todo, 0, sizeof(line->todo));

	if (line->drop_requests)
		drop(line);

	if (line->stop_client && !todo.register_with)
		registration_stop(line);
	line->stop_client = false;

	if (todo.look_up)
		targets_look_up(line);

	if (todo.register_with) {
		if (line->checkv[CHECK_RENEWAL].server != todo.register_with)
			check_drop(line, CHECK_RENEWAL);

		registration_move(line, todo.register_with);
	}
	if (todo.probe)
		check_send(line, CHECK_PROBE, todo.probe);
	if (todo.renew)
		check_send(line, CHECK_RENEWAL, line->policy.target);
	if (todo.standby)
		check_send(line, CHECK_STANDBY, todo.standby);
	if (todo.unbind)
		check_send(line, CHECK_UNBIND, todo.unbind);
	if (todo.keepalive)
		check_send(line, CHECK_KEEPALIVE, line->policy.target);

	watch_clean_up(line);
	contact_clean_up(line);
	redial_run(line);
	bye_move_run(line);
	within_run(line);
	stranded_run(line);

	/* it may be let go now, and is freed then */
	if (line->leaving)
		targets_read(line);
}


/* The answer to its REGISTER may have arrived, and is read in a moment */
static bool is_to_read(struct line *line)
{
	const struct policy *p = &line->policy;
	const uint64_t due = order_deadline(p);

	return policy_waits(p, WAIT_ANSWER) && clock_ms() >= due &&
		unread_wait(&line->unread_since, line, p->target, due);
}


static bool is_nothing(const struct decision *todo)
{
	return !todo->register_with && !todo->probe && !todo->standby &&
		!todo->unbind && !todo->look_up && !todo->renew &&
		!todo->keepalive;
}


/* A refresh decides nothing. Calls and connections may have waited for it. */
static bool is_idle(const struct line *line)
{
	return is_nothing(&line->todo) && !line->drop_requests &&
		!line->stop_client && !line->stale_contact && !line->leaving &&
		list_isempty(&line->watchl) && list_isempty(dial_list()) &&
		list_isempty(bye_list()) && list_isempty(within_list()) &&
		list_isempty(ua_calls(line->ua));
}


static void time_handler(struct line *line)
{
	struct decision d = {0};

	trace_check();

	if (is_to_read(line)) {
		decide_look_again(line, UNREAD_MS);
		return;
	}

	if (policy_waits(&line->policy, WAIT_ANSWER) &&
	    own_side_is_at_fault(line))
		return;

	policy_tick(&line->policy, clock_ms(), chance_u32(), &d);
	decide_take(line, &d);
}


/** Start to carry out decisions */
void action_open(void)
{
	decide_open(action_handler, is_idle, time_handler);
}
