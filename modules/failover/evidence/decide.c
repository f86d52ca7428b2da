/**
 * @file decide.c  What an account's policy has decided, told and queued
 *
 * A decision is reported at once and done a moment later, from a timer: at
 * this moment Baresip or libre may be in the function that it is about.
 * action.c does it. It is in a room above, so it registers its functions here.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <time.h>
#include "alarm.h"
#include "clock.h"
#include "decide.h"
#include "history.h"
#include "line.h"
#include "policy.h"
#include "report.h"
#include "stall.h"
#include "state.h"
#include "unwanted.h"


static decide_h *todoh;              /* Does what is decided              */
static decide_idle_h *idleh;         /* Is there nothing to do?           */
static decide_h *timeh;              /* Tells the policy the time         */


/**
 * Register what does a decision, and what tells the policy the time
 *
 * @param todo Called from a timer when something is to be done
 * @param idle Is there nothing to do?
 * @param time Called from a timer when the policy wants to know the time
 */
void decide_open(decide_h *todo, decide_idle_h *idle, decide_h *time)
{
	todoh = todo;
	idleh = idle;
	timeh = time;
}


static void todo_handler(void *arg)
{
	struct line *line = arg;

	todoh(line);
}


static void time_handler(void *arg)
{
	struct line *line = arg;

	timeh(line);
}


/**
 * Wake up when the policy wants to know the time
 *
 * @param line Line
 */
void decide_start_timer(struct line *line)
{
	uint64_t when;

	if (policy_next(&line->policy, &when))
		alarm_set(&line->alarm, when, time_handler, line);
	else
		alarm_cancel(&line->alarm);
}


/**
 * Wake up to tell the policy the time again in a moment
 *
 * @param line Line
 * @param ms   Time [ms]
 */
void decide_look_again(struct line *line, uint32_t ms)
{
	alarm_set(&line->alarm, clock_ms() + ms, time_handler, line);
}


/**
 * Tell a decision, and do it as soon as it is safe
 *
 * @param line Line
 * @param d    Decision
 */
void decide_take(struct line *line, const struct decision *d)
{
	const int64_t wall = (int64_t)time(NULL);

	report_decision(line, d);
	history_decision(line, d, wall,
			 tally_decision(&line->tally, &line->policy, d,
					clock_ms(), wall));

	if ((d->tell == TELL_SWITCH && !d->by_command) ||
	    d->tell == TELL_EXHAUSTED) {
		unwanted_give_up(line, d->from);
		stall_end(line, d->from);
	}

	if (d->register_with)
		line->todo.register_with = d->register_with;

	if (d->standby)
		line->todo.standby = d->standby;
	if (d->unbind)
		line->todo.unbind = d->unbind;
	if (d->probe)
		line->todo.probe = d->probe;

	line->todo.look_up   |= d->look_up;
	line->todo.renew     |= d->renew;
	line->todo.keepalive |= d->keepalive;

	if (!idleh(line))
		decide_go_on(line);
	decide_start_timer(line);
}


/**
 * Do what is to be done, after a while
 *
 * @param line Line
 * @param ms   Time [ms]
 */
void decide_wait(struct line *line, uint32_t ms)
{
	timer_start(&line->tmr_todo, ms, todo_handler, line);
}


/**
 * Do what is to be done, as soon as it is safe
 *
 * @param line Line
 */
void decide_go_on(struct line *line)
{
	decide_wait(line, 0);
}


/**
 * Send OPTIONS to a server, as the keep-alive does, if it is the one in use
 *
 * @param line   Line
 * @param server Server that something is to be learned of
 */
void decide_probe(struct line *line, unsigned server)
{
	if (server != line->policy.target)
		return;

	line->todo.keepalive = true;
	decide_go_on(line);
}
