/**
 * @file report.c  What the user is told: log lines, events, status
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "failover.h"


enum {
	TEXT_SIZE = 1024,
};


static double seconds(uint64_t ms)
{
	return (double)ms / 1000;
}


/* Time from now until then, or since then [s] */
static double age_s(uint64_t now, uint64_t then)
{
	return now > then ? seconds(now - then) : 0;
}


static int print_move(struct re_printf *pf, const void *arg)
{
	const struct line *line = ((const void *const *)arg)[0];
	const struct decision *d = ((const void *const *)arg)[1];
	const unsigned witness = d->tell == TELL_FAILBACK ? d->to : d->from;
	int err;

	err = re_hprintf(pf, "%s: ", line_name(line));

	if (d->from)
		err |= re_hprintf(pf, "server %u (%s)", d->from,
				  line_server(line, d->from)->uri);
	else
		err |= re_hprintf(pf, "no server");

	return err | re_hprintf(pf, " -> server %u (%s): %s", d->to,
				line_server(line, d->to)->uri,
				d->by_command ? "asked for by command" :
				line->policy.serverv[witness - 1].reason);
}


static int print_reasons(struct re_printf *pf, const struct line *line)
{
	int err = 0;

	if (line->offline)
		return re_hprintf(pf, "the phone has no network");

	for (unsigned i = 1; i <= line->serverc; i++)
		err |= re_hprintf(pf, "%sserver %u (%s): %s",
				  i > 1 ? "; " : "", i, line_server(line, i)->uri,
				  line->policy.serverv[i - 1].reason);

	return err;
}


/**
 * Tell the user of a decision: a line in the log and a module event
 *
 * @param line Line
 * @param d    Decision
 */
void report_decision(const struct line *line, const struct decision *d)
{
	const void *const argv[2] = { line, d };
	char text[TEXT_SIZE];

	switch (d->tell) {

	case TELL_SWITCH:
	case TELL_FAILBACK:
		(void)re_snprintf(text, sizeof(text), "%H", print_move, argv);
		info("failover: %s\n", text);
		compat_module_event(line->ua, NULL,
				    d->tell == TELL_SWITCH ? "switch" :
				    "failback", text);
		break;

	case TELL_EXHAUSTED:
		(void)re_snprintf(text, sizeof(text), "%s: no server is"
				  " available: %H", line_name(line),
				  print_reasons, line);
		warning("failover: %s\n", text);
		compat_module_event(line->ua, NULL, "exhausted", text);
		break;

	case TELL_NOTHING:
		break;
	}
}


/**
 * Tell the user that the phone has no network
 *
 * @param line Line
 */
void report_offline(const struct line *line)
{
	warning("failover: %s: the phone has no network\n", line_name(line));
}


/**
 * Tell the user that the phone has a network again
 *
 * @param line Line
 */
void report_online(const struct line *line)
{
	info("failover: %s: the phone has a network again\n",
	     line_name(line));
}


/**
 * Tell the user that a call goes on through another server
 *
 * @param line   Line
 * @param call   Call
 * @param peer   Whom it is to
 * @param old_id Call-ID that it had, NULL if no INVITE was sent
 * @param new_id Call-ID that it has now
 */
void report_call_moved(const struct line *line, struct call *call,
		       const char *peer, const char *old_id,
		       const char *new_id)
{
	const unsigned server = line->policy.target;
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: call to %s goes through"
			  " server %u (%s): Call-ID %s -> %s", line_name(line),
			  peer, server, line_server(line, server)->uri,
			  old_id ? old_id : "none", new_id);
	info("failover: %s\n", text);
	compat_module_event(line->ua, call, "call_moved", text);
}


/**
 * Tell the user that no server has taken a call
 *
 * @param line Line
 * @param peer Whom it is to
 */
void report_call_failed(const struct line *line, const char *peer)
{
	warning("failover: %s: call to %s failed: %H\n", line_name(line),
		peer, print_reasons, line);
}


/**
 * Tell the user that a call was hung up through another server
 *
 * @param line   Line
 * @param server Server
 * @param callid Call-ID
 * @param peer   Whom it was with
 * @param answer Answer to the BYE
 */
void report_bye_moved(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: call with %s was hung up"
			  " through server %u (%s), Call-ID %s: %u %r",
			  line_name(line), peer, server,
			  line_server(line, server)->uri, callid,
			  answer->scode, &answer->reason);
	info("failover: %s\n", text);
	compat_module_event(line->ua, NULL, "bye_moved", text);
}


/**
 * Tell the user that no server has taken a BYE
 *
 * @param line   Line
 * @param callid Call-ID
 * @param peer   Whom the call was with
 */
void report_bye_failed(const struct line *line, const char *callid,
		       const char *peer)
{
	warning("failover: %s: BYE of the call with %s, Call-ID %s, failed:"
		" %H\n", line_name(line), peer, callid, print_reasons, line);
}


static const char *state_name(const struct line *line)
{
	return line->unmanaged ? "unmanaged" : policy_statename(&line->policy);
}


static const char *registered_name(const struct line *line, unsigned server)
{
	const struct policy *p = &line->policy;

	if (!p->serverv[server - 1].registered)
		return "";

	return server == p->standby ? "standby" : "registered";
}


static int print_next(struct re_printf *pf, const struct line *line)
{
	const struct policy *p = &line->policy;
	const uint64_t now = clock_ms();

	if (p->probing)
		return re_hprintf(pf, "  looking for the primary now\n");
	else if (p->next_check)
		return re_hprintf(pf, "  next look for the primary in"
				  " %.1f s\n", age_s(p->next_check, now));
	else if (p->state == POLICY_DOWN || p->state == POLICY_OFFLINE)
		return re_hprintf(pf, "  next round in %.1f s\n",
				  age_s(p->restart, now));

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
int report_table(struct re_printf *pf, const struct line *line)
{
	const uint64_t now = clock_ms();
	const unsigned active = policy_active(&line->policy);
	int err;

	err = re_hprintf(pf, "%s: %s", line_name(line), state_name(line));

	if (line->unmanaged)
		return err | re_hprintf(pf, " (%s)\n", line->unmanaged);

	err |= re_hprintf(pf, line->offline ? " (no network)\n" : "\n");

	for (unsigned i = 1; i <= line->serverc; i++) {

		const struct policy_server *ps = &line->policy.serverv[i - 1];

		err |= re_hprintf(pf, "%s server %u  %-8s%-12s %s  (%s%s",
				  i == active ? " >" : "  ", i,
				  health_name(ps->health),
				  registered_name(line, i),
				  line_server(line, i)->uri, ps->reason,
				  ps->health == HEALTH_UNKNOWN ? ")\n" : "");
		if (ps->health != HEALTH_UNKNOWN)
			err |= re_hprintf(pf, ", since %.1f s)\n",
					  age_s(now, ps->since));
	}

	return err | print_next(pf, line);
}


static int server_dict(struct odict **odp, const struct line *line,
		       unsigned server)
{
	const struct policy_server *ps = &line->policy.serverv[server - 1];
	struct odict *od;
	int err;

	err = odict_alloc(&od, 8);
	if (err)
		return err;

	err |= odict_entry_add(od, "index", ODICT_INT, (int64_t)server);
	err |= odict_entry_add(od, "uri", ODICT_STRING,
			       line_server(line, server)->uri);
	err |= odict_entry_add(od, "state", ODICT_STRING,
			       health_name(ps->health));
	err |= odict_entry_add(od, "registered", ODICT_BOOL, ps->registered);
	err |= odict_entry_add(od, "reason", ODICT_STRING, ps->reason);
	err |= odict_entry_add(od, "since_s", ODICT_DOUBLE,
			       age_s(clock_ms(), ps->since));
	*odp = od;

	return err;
}


static int servers_dict(struct odict **odp, const struct line *line)
{
	struct odict *od;
	int err;

	err = odict_alloc(&od, MAX_SERVERS);
	if (err)
		return err;

	for (unsigned i = 1; i <= line->serverc && !err; i++) {

		struct odict *srv = NULL;

		err  = server_dict(&srv, line, i);
		err |= odict_entry_add(od, "", ODICT_OBJECT, srv);
		mem_deref(srv);
	}

	*odp = od;

	return err;
}


static int failback_dict(struct odict **odp, const struct line *line)
{
	const struct policy *p = &line->policy;
	struct odict *od;
	int err;

	err = odict_alloc(&od, 4);
	if (err)
		return err;

	err |= odict_entry_add(od, "enabled", ODICT_BOOL,
			       line->set.failback != 0);
	err |= odict_entry_add(od, "interval_s", ODICT_INT,
			       (int64_t)line->set.failback_interval_s);

	if (!line->unmanaged && p->next_check)
		err |= odict_entry_add(od, "next_s", ODICT_DOUBLE,
				       age_s(p->next_check, clock_ms()));
	else
		err |= odict_entry_add(od, "next_s", ODICT_NULL);

	*odp = od;

	return err;
}


static int counters_dict(struct odict **odp, const struct line *line)
{
	const struct policy_counters *c = &line->policy.counters;
	struct odict *od;
	int err;

	err = odict_alloc(&od, 8);
	if (err)
		return err;

	err |= odict_entry_add(od, "failovers", ODICT_INT,
			       (int64_t)c->failovers);
	err |= odict_entry_add(od, "failbacks", ODICT_INT,
			       (int64_t)c->failbacks);
	err |= odict_entry_add(od, "exhausted", ODICT_INT,
			       (int64_t)c->exhausted);
	err |= odict_entry_add(od, "calls_moved", ODICT_INT,
			       (int64_t)line->calls_moved);
	err |= odict_entry_add(od, "byes_moved", ODICT_INT,
			       (int64_t)line->byes_moved);

	*odp = od;

	return err;
}


/**
 * Print an account's status as a JSON object
 *
 * @param pf   Print function
 * @param line Line
 *
 * @return 0 if success, otherwise errorcode
 */
int report_json(struct re_printf *pf, const struct line *line)
{
	struct odict *od = NULL, *servers = NULL, *failback = NULL;
	struct odict *counters = NULL;
	int err;

	err  = odict_alloc(&od, 8);
	err |= servers_dict(&servers, line);
	err |= failback_dict(&failback, line);
	err |= counters_dict(&counters, line);
	if (err)
		goto out;

	err |= odict_entry_add(od, "aor", ODICT_STRING, line_aor(line));
	err |= odict_entry_add(od, "state", ODICT_STRING, state_name(line));
	if (line->unmanaged || line->offline)
		err |= odict_entry_add(od, "reason", ODICT_STRING,
				       line->unmanaged ? line->unmanaged :
				       "no network");
	err |= odict_entry_add(od, "active", ODICT_INT, line->unmanaged ?
			       (int64_t)0 :
			       (int64_t)policy_active(&line->policy));
	if (!line->unmanaged)
		err |= odict_entry_add(od, "standby", ODICT_INT,
				       (int64_t)line->policy.standby);
	err |= odict_entry_add(od, "servers", ODICT_ARRAY, servers);
	err |= odict_entry_add(od, "failback", ODICT_OBJECT, failback);
	err |= odict_entry_add(od, "counters", ODICT_OBJECT, counters);
	if (err)
		goto out;

	err = json_encode_odict(pf, od);

 out:
	mem_deref(counters);
	mem_deref(failback);
	mem_deref(servers);
	mem_deref(od);

	return err;
}
