/**
 * @file tally.c  Counters of an account, for /metrics
 *
 * Plain C: includes neither re.h nor baresip.h, reads no clock.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "renumber.h"
#include "tally.h"
#include "view.h"

static const struct {
	unsigned ms;
	const char *name;
} limitv[TALLY_BUCKETS] = {
	{100, "0.1"}, {500, "0.5"}, {1000, "1"}, {2000, "2"}, {4000, "4"},
	{8000, "8"}, {16000, "16"}, {32000, "32"}, {40000, "40"}
};

static struct tally_recoveries recoveries;   /**< Of all accounts           */

static const char *const causev[TALLY_CAUSES] = {
	"timeout", "status", "unreachable", "connection", "tls", "dns", "other"
};

/* The first one found in a reason gives the cause */
static const struct {
	const char *text;
	enum tally_cause cause;
} wordv[] = {
	{"certificate",         TALLY_TLS},
	{"TLS",                 TALLY_TLS},
	{"not answered",        TALLY_TIMEOUT},
	{"could not be sent",   TALLY_TIMEOUT},
	{"timed out",           TALLY_TIMEOUT},
	{"does not resolve",    TALLY_DNS},
	{"unreachable",         TALLY_UNREACHABLE},
	{"No route",            TALLY_UNREACHABLE},
	{"onnection",           TALLY_CONNECTION},
};


/* "503 Service Unavailable", or "INVITE: 503 Service Unavailable" */
static bool is_status(const char *reason)
{
	const char *colon = strchr(reason, ':');
	const char *p = colon && colon[1] == ' ' ? colon + 2 : reason;

	return p[0] >= '3' && p[0] <= '6' && strspn(p, "0123456789") == 3;
}


static enum tally_cause cause_of(const char *reason)
{
	if (is_status(reason))
		return TALLY_STATUS;

	for (size_t i = 0; i < sizeof(wordv) / sizeof(wordv[0]); i++) {
		if (strstr(reason, wordv[i].text))
			return wordv[i].cause;
	}

	return TALLY_OTHER;
}


static void recovered(uint64_t ms)
{
	++recoveries.count;
	recoveries.sum_ms += ms;

	for (unsigned i = 0; i < TALLY_BUCKETS; i++) {
		if (ms <= limitv[i].ms) {
			++recoveries.bucketv[i];
			break;
		}
	}
}


static void count_active(struct tally *t, unsigned active, uint64_t now)
{
	if (active == t->active)
		return;

	if (t->active)
		t->active_msv[t->active - 1] += now - t->active_since;

	t->active = active;
	t->active_since = now;
}


/**
 * Count a decision, and the time since the one before
 *
 * @param t    Counters
 * @param p    Policy that has decided
 * @param d    Decision
 * @param now  Time [ms]
 * @param wall Time of day [s since 1970]
 *
 * @return How long the recovery took that has now ended, 0: none has [ms]
 */
uint64_t tally_decision(struct tally *t, const struct policy *p,
			const struct decision *d, uint64_t now, int64_t wall)
{
	const bool moved = d->tell == TELL_SWITCH || d->tell == TELL_FAILBACK;
	uint64_t ms = 0;

	count_active(t, view_active(p), now);

	if (moved)
		t->switched = wall;

	if (d->from && !d->by_command &&
	    (d->tell == TELL_SWITCH || d->tell == TELL_EXHAUSTED)) {

		const char *reason = p->serverv[d->from - 1].reason;

		++t->failurev[d->from - 1][cause_of(reason)];
		if (!t->failing_since)
			t->failing_since = d->since;
	}

	if (p->state != POLICY_SETTLED || d->by_command) {
		if (p->state == POLICY_IDLE || p->state == POLICY_OFFLINE)
			t->failing_since = 0;
		return 0;
	}

	if (t->failing_since && p->serverv[p->target - 1].registered) {
		ms = now - t->failing_since;
		recovered(ms);
	}

	t->failing_since = 0;

	return ms;
}


/**
 * How long a server was in use
 *
 * @param t      Counters
 * @param server Server
 * @param now    Time [ms]
 *
 * @return Time [ms]
 */
uint64_t tally_active_ms(const struct tally *t, unsigned server, uint64_t now)
{
	const uint64_t before = t->active_msv[server - 1];

	return server == t->active ? before + now - t->active_since : before;
}


/**
 * How long recoveries took: from the first transmission without an answer of
 * the failed server until the registration with another one
 *
 * @return Recoveries of all accounts
 */
const struct tally_recoveries *tally_recoveries(void)
{
	return &recoveries;
}


/**
 * Upper limit of a bucket of the histogram
 *
 * @param bucket Bucket from 0
 *
 * @return Limit [s], as text
 */
const char *tally_limitname(unsigned bucket)
{
	return limitv[bucket].name;
}


/**
 * Name of a cause, as in the label
 *
 * @param cause Cause
 *
 * @return Static text
 */
const char *tally_causename(enum tally_cause cause)
{
	return causev[cause];
}


/**
 * The servers of an account have changed: those that stay keep their counters
 *
 * @param t  Counters
 * @param rn Change
 */
void tally_renumber(struct tally *t, const struct renumber *rn)
{
	const struct tally was = *t;

	memset(t->failurev, 0, sizeof(t->failurev));
	memset(t->active_msv, 0, sizeof(t->active_msv));

	for (unsigned i = 0; i < rn->serverc; i++) {

		const unsigned before = rn->fromv[i];

		if (!before)
			continue;

		memcpy(t->failurev[i], was.failurev[before - 1],
		       sizeof(t->failurev[i]));
		t->active_msv[i] = was.active_msv[before - 1];
	}

	t->active = renumber_to(rn, was.active);
}
