/**
 * @file test_sequences.c  Whatever happens in whatever order
 *
 * Every sequence of a few events, and long random ones with a fixed seed;
 * after each event all that must hold is looked at.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <string.h>
#include "binding.h"
#include "fixture.h"
#include "flow.h"
#include "keepalive.h"
#include "order.h"
#include "policy.h"
#include "register.h"
#include "renumber.h"
#include "settings.h"
#include "state.h"
#include "view.h"


enum event {
	REGISTERING,                 /**< By hand                            */
	REFRESH,
	GRANTED,                     /**< libre refreshes it in time         */
	GRANTED_LESS,                /**< ... too late, or not at all        */
	ANSWERED,                    /**< 401: credentials follow            */
	OK,
	REFUSED,
	FAILED,
	LATE_FAILURE,                /**< Of another server                  */
	DEREGISTERED,
	RENEWED,
	RENEWAL_REFUSED,
	PROBE,                       /**< By command                         */
	PROBED_GOOD,
	PROBED_BAD,
	STANDBY_OK,
	STANDBY_FAILED,
	SWITCH,                      /**< To the next server                 */
	UNREGISTERED,
	NETWORK_LOST,
	NETWORK_BACK,
	WOKE,
	ALIVE,                       /**< A keep-alive is answered           */
	FLOW_ENDED,                  /**< The connection to the server in use*/
	DOUBTED,                     /**< It has refused another request     */
	MAINTENANCE,                 /**< Of the server in use, on or off    */
	MAINTENANCE_OTHER,           /**< ... of the next one                */
	RENUMBERED,                  /**< The first server is now the last   */
	TAKEN_AWAY,                  /**< ... is exchanged for a new one     */
	WAIT,                        /**< Until the policy wants to wake up  */
	NUM_EVENTS,
};

enum {
	DEPTH     = 4,               /**< All sequences of this length       */
	RUNS      = 2000,            /**< Random sequences                   */
	LENGTH    = 200,             /**< ... of this length                 */
	MAX_TICKS = 12,              /**< More than two rounds of two        */
};

/** What line.c knows beside the policy */
struct seq {
	struct fix f;
	bool renewal;                /**< A renewal is under way             */
	unsigned renewal_deregs;     /**< Known when it was sent             */
	unsigned refused;            /**< Known when the refused one was     */
	bool refused_now;            /**< By the latest event                */
	unsigned probe;              /**< Server that is checked, 0: none    */
	bool by_hand;                /**< The latest event                   */
	unsigned standby;            /**< Asked to stand by, 0: none         */
	enum event historyv[LENGTH];
	unsigned historyc;
};

static const char *const namev[] = {
	"registering", "refresh", "granted", "granted less", "answered", "ok",
	"refused", "failed",
	"late failure", "deregistered", "renewed", "renewal refused", "probe",
	"probed good", "probed bad", "standby ok", "standby failed", "switch",
	"unregistered", "network lost", "network back", "woke", "alive",
	"flow ended", "doubted", "maintenance", "maintenance of another",
	"renumbered", "taken away", "wait",
};


static void must(const struct seq *s, bool ok, const char *what)
{
	if (ok)
		return;

	for (unsigned i = 0; i < s->historyc; i++)
		print_error("  %s\n", namev[s->historyv[i]]);

	fail_msg("after these events: %s", what);
}


static void check_ranges(const struct seq *s)
{
	const struct policy *p = &s->f.p;

	must(s, p->target >= 1 && p->target <= p->serverc, "target in 1..n");
	must(s, p->origin <= p->serverc, "origin in 0..n");
	must(s, view_active(p) <= p->serverc, "active in 0..n");
	must(s, p->state != POLICY_OFFLINE || !p->renewing,
	     "renews nothing without a network");
	must(s, p->deregs_bound <= p->deregs, "bound <= deregs");
	must(s, p->failures < p->set->fall, "failures below fall");
}


static void check_times(const struct seq *s)
{
	const struct policy *p = &s->f.p;
	const bool settled = p->state == POLICY_SETTLED;
	const bool moving = p->state == POLICY_MOVING;

	must(s, !policy_waits(p, WAIT_ANSWER) || moving || settled,
	     "awaits no answer when at rest");
	must(s, policy_waits(p, WAIT_ROUND) ==
	     (p->state == POLICY_DOWN || p->state == POLICY_OFFLINE),
	     "a round is due when down or offline, and then only");
	must(s, !policy_waits(p, WAIT_REFRESH) ||
	     (settled && p->serverv[p->target - 1].registered),
	     "a refresh is due of what is registered only");
	must(s, !policy_waits(p, WAIT_REFRESH) ||
	     !policy_waits(p, WAIT_ANSWER), "... and not under way");
	must(s, !policy_waits(p, WAIT_CHECK) ||
	     (settled && (p->target != PRIMARY ||
			  state_in_maintenance(p, PRIMARY))),
	     "a check is due on a backup, or to leave the primary");
	must(s, !policy_waits(p, WAIT_STANDBY) || (settled && p->set->standby),
	     "a standby is searched when settled only");
	must(s, !policy_waits(p, WAIT_KEEPALIVE) || settled,
	     "a keep-alive is due when settled only");
}


static void check_registered(const struct seq *s)
{
	const struct policy *p = &s->f.p;
	unsigned n = 0;

	for (unsigned i = 0; i < p->serverc; i++)
		n += p->serverv[i].registered;

	must(s, n <= (p->standby ? 2u : 1u), "registered with one server, and"
	     " the one that stands by");
	must(s, p->state != POLICY_IDLE || !n, "idle is not registered");
}


static void check_standby(const struct seq *s)
{
	const struct policy *p = &s->f.p;

	must(s, p->standby <= p->serverc, "standby in 0..n");

	if (!p->standby)
		return;

	must(s, p->set->standby, "stands by if that is wanted");
	must(s, p->state == POLICY_SETTLED || p->state == POLICY_MOVING,
	     "stands by what is in use");
	must(s, p->state != POLICY_SETTLED || p->standby != p->target,
	     "another than the one in use");
	must(s, p->serverv[p->standby - 1].registered, "and has a binding");
	must(s, p->serverv[p->standby - 1].health == HEALTH_UP, "and lives");
	must(s, !state_in_maintenance(p, p->standby), "and may be used");
}


/* Each other one was tried in this round, wants to be left alone or is in
   maintenance itself; or it is in use, and is not left before another one has
   taken the account */
static bool may_use_all_the_same(const struct seq *s)
{
	const struct policy *p = &s->f.p;

	if (s->by_hand || p->state == POLICY_SETTLED)
		return true;

	for (unsigned i = 1; i <= p->serverc; i++) {
		if (!(p->tried & server_bit(i)) &&
		    !state_in_maintenance(p, i) &&
		    !order_leaves_alone(p, i, s->f.now))
			return false;
	}

	return true;
}


static void check_decision(const struct seq *s)
{
	const struct policy *p = &s->f.p;
	const struct decision *d = &s->f.d;

	if (d->register_with) {
		must(s, d->register_with == p->target, "registers target");
		must(s, policy_waits(p, WAIT_ANSWER), "awaits the answer");
		must(s, p->state == POLICY_MOVING ||
		     (p->state == POLICY_SETTLED &&
		      (p->set->fall > 1 || p->valid_since == s->f.now ||
		       s->refused_now || p->serverv[p->target - 1].flow_losses) &&
		      d->tell == TELL_NOTHING),
		     "registers when moving, again before it falls, after"
		     " an outage, since the refresh was refused, or after"
		     " its connection ended");
	}

	if (d->tell == TELL_SWITCH || d->tell == TELL_FAILBACK)
		must(s, d->to == d->register_with, "does what it tells");
	if (d->tell == TELL_EXHAUSTED)
		must(s, p->state == POLICY_DOWN, "exhausted is down");
	if (d->keepalive)
		must(s, p->state == POLICY_SETTLED, "keeps what it has");
	if (d->probe)
		must(s, p->probing == d->probe &&
		     p->state == POLICY_SETTLED && d->probe != p->target &&
		     !state_in_maintenance(p, d->probe),
		     "checks another server, which may be used");
	if (d->register_with && state_in_maintenance(p, d->register_with))
		must(s, may_use_all_the_same(s), "uses one in maintenance if"
		     " nothing else is left");
	if (d->renew)
		must(s, p->renewing && p->state == POLICY_SETTLED &&
		     p->serverv[p->target - 1].registered,
		     "renews what is registered");
	if (d->standby)
		must(s, p->state == POLICY_SETTLED &&
		     d->standby != p->target &&
		     d->standby == p->standby_asked, "another stands by");
}


/* The one that loses calls */
static void check_binding(const struct seq *s)
{
	const struct policy *p = &s->f.p;

	must(s, p->renewing == s->renewal, "knows whether one is under way");

	if (p->state != POLICY_SETTLED || s->renewal ||
	    !p->serverv[p->target - 1].registered)
		return;

	must(s, p->deregs_bound == p->deregs || s->refused == p->deregs,
	     "the binding is newer than each de-registration, is being"
	     " renewed, or its renewal was refused");
}


static void check(const struct seq *s)
{
	check_ranges(s);
	check_times(s);
	check_registered(s);
	check_standby(s);
	check_decision(s);
	check_binding(s);
	must(s, s->f.p.probing == s->probe, "knows of the check");
}


/* As line.c does what was decided. A renewal goes to the server in use: one
   with a server that was left is of no use */
static void act(struct seq *s)
{
	const struct decision *d = &s->f.d;

	if (s->f.p.state == POLICY_IDLE) {
		s->renewal = false;
		s->probe   = 0;
		s->standby = 0;
	}

	if (!s->f.p.renewing)
		s->renewal = false;
	if (!s->f.p.probing)
		s->probe = 0;

	if (d->renew) {
		s->renewal = true;
		s->renewal_deregs = s->f.p.deregs;
	}

	if (d->standby)
		s->standby = d->standby;

	if (d->probe)
		s->probe = d->probe;
}


static void renewed(struct seq *s, bool ok)
{
	if (!s->renewal)
		return;

	s->renewal = false;
	if (!ok)
		s->refused = s->renewal_deregs;
	s->refused_now = !ok;

	fix_renewed(&s->f, ok, s->renewal_deregs);

	/* Baresip registers anew, which settles it */
	if (s->f.d.register_with)
		s->refused = s->f.p.deregs;
}


static void probed(struct seq *s, bool good)
{
	if (!s->probe)
		return;

	s->probe = 0;
	fix_probed(&s->f, good);
}


static void standby_answered(struct seq *s, bool ok)
{
	const unsigned server = s->standby;

	if (!server)
		return;

	s->standby = 0;
	if (ok)
		fix_standby_ok(&s->f, server, 3600);
	else
		fix_standby_failed(&s->f, server);
}


static void flow_over(struct fix *f)
{
	uint64_t wait;

	(void)flow_ended(&f->p, f->p.target, 0, f->now, f->rnd, &wait);
}


static void doubt(struct fix *f)
{
	binding_doubted(&f->p, f->p.target, f->now, &f->d);
}


static unsigned other(const struct fix *f)
{
	return f->p.target % f->p.serverc + 1;
}


static void toggle(struct fix *f, unsigned server)
{
	(void)fix_maintenance(f, server, !state_in_maintenance(&f->p, server));
}


/* line.c lets go of what was asked of a server that is gone */
static void renumber(struct seq *s, bool away)
{
	struct policy *p = &s->f.p;
	struct renumber rn = { .serverc = p->serverc };

	for (unsigned i = 0; i < p->serverc; i++)
		rn.fromv[i] = i + 1 < p->serverc ? i + 2 : away ? 0 : 1;

	s->standby = renumber_to(&rn, s->standby);
	s->probe   = renumber_to(&rn, s->probe);
	renumber_policy(p, &rn, false, s->f.now, s->f.rnd, &s->f.d);
}


static void evidence(struct seq *s, enum event event)
{
	struct fix *f = &s->f;

	switch (event) {

	case REFRESH:         register_sent(&f->p, f->p.target, f->now); break;
	case ANSWERED:        register_answered(&f->p, f->p.target);     break;
	case OK:              fix_ok(f);                               break;
	case GRANTED:         fix_granted(f, 3600000, 3240000);        break;
	case GRANTED_LESS:    fix_granted(f, 20000, 3240000);          break;
	case REFUSED:         fix_refused(f);                          break;
	case FAILED:          fix_failed(f, f->p.target);              break;
	case LATE_FAILURE:    fix_failed(f, other(f));                 break;
	case DEREGISTERED:    fix_deregistered(f);                     break;
	case RENEWED:         renewed(s, true);                        break;
	case RENEWAL_REFUSED: renewed(s, false);                       break;
	case PROBED_GOOD:     probed(s, true);                         break;
	case PROBED_BAD:      probed(s, false);                        break;
	case STANDBY_OK:      standby_answered(s, true);               break;
	case STANDBY_FAILED:  standby_answered(s, false);              break;
	case UNREGISTERED:    policy_unregistered(&f->p);              break;
	case NETWORK_LOST:    fix_network_lost(f);                     break;
	case NETWORK_BACK:    fix_network_back(f);                     break;
	case WOKE:            fix_woke(f);                             break;
	case ALIVE:           keepalive_answered(&f->p, f->p.target); break;
	case FLOW_ENDED:      flow_over(f);                            break;
	case DOUBTED:         doubt(f);                                break;
	case MAINTENANCE:     toggle(f, f->p.target);                  break;
	case MAINTENANCE_OTHER: toggle(f, other(f));                   break;
	case RENUMBERED:      renumber(s, false);                      break;
	case TAKEN_AWAY:      renumber(s, true);                       break;
	default:                                                       break;
	}
}


/* A timer that runs out at once, again and again, is a storm */
static void check_future(const struct seq *s)
{
	uint64_t when;

	must(s, !policy_next(&s->f.p, &when) || when > s->f.now,
	     "after a tick the next one lies in the future");
}


static void happen(struct seq *s, enum event event)
{
	struct fix *f = &s->f;
	uint64_t when;

	memset(&f->d, 0, sizeof(f->d));
	s->historyv[s->historyc++] = event;
	s->refused_now = false;
	s->by_hand = event == SWITCH;
	f->now += 10;

	switch (event) {

	case REGISTERING: fix_start(f);            break;
	case PROBE:       (void)fix_probe(f);      break;
	case SWITCH:      fix_switch(f, other(f)); break;

	case WAIT:
		if (policy_next(&f->p, &when)) {
			fix_wait(f);
			check_future(s);
		}
		break;

	default:
		evidence(s, event);
		break;
	}

	act(s);
	check(s);
}


/* Nobody answers any more: each tick leads on, and none to itself */
static void check_progress(const struct seq *old)
{
	struct seq s = *old;
	uint64_t when;

	s.f.p.set = &s.f.set;

	for (unsigned i = 0; i < MAX_TICKS; i++) {

		if (!policy_next(&s.f.p, &when))
			return;

		must(&s, when != UINT64_MAX, "a time that comes");
		fix_wait(&s.f);
		check_future(&s);
		act(&s);
		check(&s);
	}
}


static void seq_init(struct seq *s, unsigned serverc)
{
	memset(s, 0, sizeof(*s));
	s->f.now = 1000000;
	s->refused = UINT32_MAX;
	settings_init(&s->f.set);
	fix_servers(&s->f, serverc);
}


static void follow(const struct seq *old, unsigned depth)
{
	if (!depth) {
		check_progress(old);
		return;
	}

	for (enum event e = 0; e < NUM_EVENTS; e++) {

		struct seq s = *old;

		s.f.p.set = &s.f.set;
		happen(&s, e);
		follow(&s, depth - 1);
	}
}


/* Beginning when registered with a server, so as to get further */
static void all_from(unsigned server, unsigned fall, bool standby)
{
	struct seq s;

	seq_init(&s, 2);
	s.f.set.fall = fall;
	s.f.set.standby = standby;
	fix_settle(&s.f, server);
	act(&s);
	follow(&s, DEPTH);
}


static void all_sequences_from_the_start(void **state)
{
	struct seq s;
	(void)state;

	seq_init(&s, 2);
	follow(&s, DEPTH);
}


static void all_sequences_from_the_primary(void **state)
{
	(void)state;
	all_from(1, 1, false);
}


static void all_sequences_from_the_backup(void **state)
{
	(void)state;
	all_from(2, 1, false);
}


static void all_sequences_with_fall(void **state)
{
	(void)state;
	all_from(2, 2, false);
}


static void all_sequences_with_standby(void **state)
{
	(void)state;
	all_from(1, 1, true);
}


/* xorshift: the same on every machine */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;

	return *seed;
}


static void random_sequences(void **state)
{
	uint32_t seed = 20260001;
	struct seq s;
	(void)state;

	for (unsigned i = 0; i < RUNS; i++) {

		seq_init(&s, 2 + draw(&seed) % (MAX_SERVERS - 1));
		s.f.set.fall = 1 + draw(&seed) % 3;
		s.f.set.rise = 1 + draw(&seed) % 3;
		s.f.set.failback = draw(&seed) % 4 != 0;
		s.f.set.retries = draw(&seed) % 11;
		s.f.set.keepalive_s = draw(&seed) % 3 * 30;
		s.f.set.standby = draw(&seed) % 2;

		for (unsigned j = 0; j < LENGTH; j++) {
			s.f.rnd = draw(&seed);
			happen(&s, draw(&seed) % NUM_EVENTS);
		}

		check_progress(&s);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(all_sequences_from_the_start),
		cmocka_unit_test(all_sequences_from_the_primary),
		cmocka_unit_test(all_sequences_from_the_backup),
		cmocka_unit_test(all_sequences_with_fall),
		cmocka_unit_test(all_sequences_with_standby),
		cmocka_unit_test(random_sequences),
	};

	return cmocka_run_group_tests_name("sequences", testv, NULL, NULL);
}
