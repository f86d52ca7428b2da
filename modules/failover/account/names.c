/**
 * @file names.c  Names of servers, and their servers in DNS
 *
 * Accounts of one domain share one name, and so one lookup. It is repeated
 * when the answer has expired, and before a round. A failed or empty answer
 * changes nothing.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <string.h>
#include "certificate.h"
#include "clock.h"
#include "names.h"
#include "resolve.h"
#include "server.h"


enum {
	TTL_MIN_S  = 30,
	TTL_MAX_S  = 24 * 3600,
	RETRY_S    = 30,             /**< Doubled with each failure, ...     */
	RETRY_MAX  = 5,              /**< ... so often at most               */
	JUST_NOW_MS = 1000,          /**< No new lookup so soon              */
	SLACK_MS   = 500,            /**< libre keeps an answer for its TTL  */
	MACHINE_ID_SIZE = 64,
};

static struct list namel;
static uint64_t seed;                /* Of this machine                   */
static names_h *changedh;
static names_used_h *usedh;


static void reset_targets(struct name_target *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i].uri = mem_deref(v[i].uri);
}


static void destructor(void *arg)
{
	struct name *name = arg;

	list_unlink(&name->le);
	timer_cancel(&name->tmr);
	mem_deref(name->resolve);
	mem_deref(name->host);
	reset_targets(name->targetv, name->targetc);
}


/* Copies of a machine have one seed; their accounts differ */
static void read_seed(void)
{
	char id[MACHINE_ID_SIZE] = "";
	FILE *f = fopen("/etc/machine-id", "r");

	if (f) {
		if (!fgets(id, sizeof(id), f))
			id[0] = '\0';
		(void)fclose(f);
	}

	seed = srv_seed(0, id);
}


/**
 * Start to look up names
 *
 * @param h    Called when the servers of a name have changed, or are known for
 *             the first time; not called from within a function of this file
 * @param used Does an account use this server?
 */
void names_open(names_h *h, names_used_h *used)
{
	changedh = h;
	usedh    = used;
	read_seed();
}


/** Stop reporting changes */
void names_close(void)
{
	changedh = NULL;
}


/**
 * Is a server looked up by RFC 3263 section 4? That needs a name without a
 * port.
 *
 * @param srv Server
 *
 * @return True if it is
 */
bool names_is_candidate(const struct server *srv)
{
	return !srv->port && server_is_name(srv);
}


static bool has_target(const struct name_target *v, unsigned n,
		       const char *uri)
{
	for (unsigned i = 0; i < n; i++) {
		if (!str_casecmp(v[i].uri, uri))
			return true;
	}

	return false;
}


static int print_target(char **urip, const struct srv *srv,
			enum sip_transp tp)
{
	return re_sdprintf(urip, "sip:%s:%u;transport=%s", srv->host,
			   srv->port, server_transp_name(tp));
}


/* Servers that DNS no longer names stay at the end of the list, if they are in
   use or if only one server would be left. */
static unsigned keep_gone(struct name_target *v, unsigned n,
			  const struct name *name)
{
	for (unsigned i = 0; i < name->targetc; i++) {

		const struct name_target *old = &name->targetv[i];

		if (has_target(v, n, old->uri) ||
		    (n > 1 && !usedh(old->uri)))
			continue;

		/* with a full list, the last one makes room */
		if (n == MAX_SERVERS)
			mem_deref(v[--n].uri);

		v[n] = *old;
		v[n].uri  = mem_ref(old->uri);
		v[n].gone = true;
		++n;
	}

	return n;
}


static bool is_same(const struct name *name, const struct name_target *v,
		    unsigned n)
{
	if (n != name->targetc)
		return false;

	for (unsigned i = 0; i < n; i++) {

		const struct name_target *old = &name->targetv[i];

		if (str_casecmp(old->uri, v[i].uri) ||
		    old->priority != v[i].priority || old->gone != v[i].gone)
			return false;
	}

	return true;
}


static bool adopt(struct name *name, struct name_target *v, unsigned n)
{
	if (is_same(name, v, n)) {
		reset_targets(v, n);
		return false;
	}

	reset_targets(name->targetv, name->targetc);
	memcpy(name->targetv, v, n * sizeof(*v));
	name->targetc = n;

	return true;
}


/* RFC 5922 section 7 requires a certificate for the configured name, not for
   the SRV target. libre verifies the host of the URI. It can be told the
   configured name only if we see its connections. */
static bool is_refused(struct name *name, enum sip_transp tp)
{
	if (tp != SIP_TRANSP_TLS || !certificate_is_blind())
		return false;

	if (!name->refused)
		warning("failover: %s: its TLS servers are one server:"
			" their certificates could not be verified for that"
			" name\n", name->host);

	name->refused = true;

	return true;
}


static bool take_records(struct name *name, const struct srv *srvv, size_t c,
			 enum sip_transp tp)
{
	struct name_target v[MAX_SERVERS];
	unsigned n = 0;

	if (!c || (c == 1 && !name->is_list) || is_refused(name, tp))
		return false;

	memset(v, 0, sizeof(v));

	for (size_t i = 0; i < c && n < MAX_SERVERS; i++) {
		if (print_target(&v[n].uri, &srvv[i], tp))
			break;
		v[n++].priority = srvv[i].priority;
	}

	name->is_list = true;

	return adopt(name, v, keep_gone(v, n, name));
}


static void timer_handler(void *arg)
{
	names_look_up(arg);
}


static void wait_for(struct name *name, uint32_t s)
{
	timer_start(&name->tmr, (uint64_t)s * 1000 + SLACK_MS, timer_handler,
		    name);
}


/* Warn once until a lookup succeeds */
static void tell_failure(struct name *name, int err)
{
	const char *rest = name->is_list ? ", its servers stay as they are" :
		"";

	if (name->failed)
		return;

	name->failed = true;

	if (err)
		warning("failover: %s: its SRV records could not be looked up"
			" (%m)%s\n", name->host, err, rest);
	else
		warning("failover: %s: it has no SRV records any more%s\n",
			name->host, rest);
}


/* Look up again earlier than the TTL says */
static void retry(struct name *name, int err)
{
	tell_failure(name, err);
	wait_for(name, RETRY_S << MIN(name->failures, RETRY_MAX));
	++name->failures;
}


/* An answer with neither records nor a TTL: the maximum */
static uint32_t lifetime_s(const struct resolved *res)
{
	if (!res->srvc && !res->ttl_s)
		return TTL_MAX_S;

	return MAX(TTL_MIN_S, MIN(TTL_MAX_S, res->ttl_s));
}


static void resolve_handler(const struct resolved *res, void *arg)
{
	struct name *name = arg;
	const struct resolved end = *res;
	struct srv srvv[SRV_MAX];
	bool changed;
	size_t c;

	memcpy(srvv, res->srvv, res->srvc * sizeof(srvv[0]));
	name->resolve  = mem_deref(name->resolve);
	name->answered = clock_ms();

	c = srv_order(srvv, end.srvc, name->seed);

	if (end.err || (name->is_list && (!c || end.cut))) {
		retry(name, end.cut ? EMSGSIZE : end.err);
		return;
	}

	changed = take_records(name, srvv, c, end.tp) || !name->known;

	name->known    = true;
	name->failed   = false;
	name->failures = 0;
	wait_for(name, lifetime_s(&end));

	if (changed && changedh)
		changedh();
}


/**
 * Look up a name, unless a lookup is under way or has just ended
 *
 * @param name Name
 */
void names_look_up(struct name *name)
{
	int err;

	if (name->resolve || (name->answered &&
			      clock_ms() - name->answered < JUST_NOW_MS))
		return;

	err = resolve_start(&name->resolve, name->host, name->tp,
			    resolve_handler, name);
	if (err)
		retry(name, err);
	else
		timer_cancel(&name->tmr);
}


/**
 * The account has left a server: remove servers that DNS no longer names
 *
 * @param name Name
 */
void names_tidy(struct name *name)
{
	struct name_target v[MAX_SERVERS];
	unsigned n = 0;

	for (unsigned i = 0; i < name->targetc; i++) {

		const struct name_target *target = &name->targetv[i];

		if (target->gone)
			continue;

		v[n] = *target;
		v[n++].uri = mem_ref(target->uri);
	}

	if (adopt(name, v, keep_gone(v, n, name)) && changedh)
		changedh();
}


static struct name *find(const char *host, enum sip_transp tp)
{
	struct le *le;

	for (le = list_head(&namel); le; le = le->next) {

		struct name *name = le->data;

		if (name->tp == tp && !str_casecmp(name->host, host))
			return name;
	}

	return NULL;
}


/** Look up now the names whose last lookup failed */
void names_retry(void)
{
	struct le *le;

	for (le = list_head(&namel); le; le = le->next) {

		struct name *name = le->data;

		if (name->failed)
			names_look_up(name);
	}
}


/**
 * The name of a server; looked up if it is new
 *
 * @param srv Server that names_is_candidate() is true for
 * @param aor Account that asks; the first one becomes part of the seed, so
 *            that phones differ in the order of servers
 *
 * @return Name, to be released with mem_deref(); NULL if out of memory
 */
struct name *names_get(const struct server *srv, const char *aor)
{
	struct name *name = find(srv->host, srv->tp);

	if (name)
		return mem_ref(name);

	name = mem_zalloc(sizeof(*name), destructor);
	if (!name)
		return NULL;

	list_append(&namel, &name->le, name);
	name->tp   = srv->tp;
	name->seed = srv_seed(srv_seed(seed, aor), srv->host);

	if (str_dup(&name->host, srv->host)) {
		mem_deref(name);
		return NULL;
	}

	names_look_up(name);

	return name;
}
