/**
 * @file report.c  Reports to the user: log lines and events
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "foreign.h"
#include "line.h"
#include "report.h"


enum {
	TEXT_SIZE = 4096,            /**< As in Baresip's log                */
};


/**
 * Why an account moves, or has no server any more
 *
 * @param line Line
 * @param d    Decision
 *
 * @return Text, to be used at once
 */
const char *report_reason(const struct line *line, const struct decision *d)
{
	if (d->gone)
		return "DNS does not name that server any more";
	if (d->maintenance)
		return "maintenance";
	if (d->by_command)
		return "asked for by command";
	if (d->tell == TELL_FAILBACK)
		return d->to == PRIMARY ? "the primary answers again" :
			"a server of higher priority answers again";

	return line->policy.serverv[d->from - 1].reason;
}


static int print_move(struct re_printf *pf, const void *arg)
{
	const struct line *line = ((const void *const *)arg)[0];
	const struct decision *d = ((const void *const *)arg)[1];
	int err;

	err = re_hprintf(pf, "%s: ", line_name(line));

	if (d->from)
		err |= re_hprintf(pf, "server %u (%s)", d->from,
				  line_server(line, d->from)->uri);
	else
		err |= re_hprintf(pf, "no server");

	return err | re_hprintf(pf, " -> server %u (%s): %s", d->to,
				line_server(line, d->to)->uri,
				report_reason(line, d));
}


static int print_reasons(struct re_printf *pf, const struct line *line)
{
	int err = 0;

	if (line->told_offline)
		return re_hprintf(pf, "the phone has no network");

	for (unsigned i = 1; i <= line->serverc; i++)
		err |= re_hprintf(pf, "%sserver %u (%s): %s",
				  i > 1 ? "; " : "", i,
				  line_server(line, i)->uri,
				  line->policy.serverv[i - 1].reason);

	return err;
}


/* Parts of it come from others: Call-IDs, URIs, reasons */
static void tell(bool warn, const struct line *line, struct call *call,
		 const char *event, char *text)
{
	foreign_clean(text, TEXT_SIZE, text, strlen(text));

	if (warn)
		warning("failover: %s\n", text);
	else
		info("failover: %s\n", text);

	if (event)
		compat_module_event(line->ua, call, event, text);
}


/**
 * Report a decision: a log line and a module event
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
		tell(false, line, NULL, d->tell == TELL_SWITCH ? "switch" :
		     "failback", text);
		break;

	case TELL_EXHAUSTED:
		(void)re_snprintf(text, sizeof(text), "%s: no server is"
				  " available: %H", line_name(line),
				  print_reasons, line);
		tell(true, line, NULL, "exhausted", text);
		break;

	case TELL_NOTHING:
		break;
	}
}


/**
 * Report the result of a test
 *
 * @param line Line
 * @param text The server's URI and what was seen, for the user
 */
void report_test(const struct line *line, const char *text)
{
	char event[TEXT_SIZE];

	(void)re_snprintf(event, sizeof(event), "%s: test of %s",
			  line_name(line), text);
	tell(false, line, NULL, "test", event);
}


/**
 * Report that a server is left alone, or may be used again
 *
 * @param line   Line
 * @param server Server
 */
void report_maintenance(const struct line *line, unsigned server)
{
	info("failover: %s: server %u (%s) is %s\n", line_name(line), server,
	     line_server(line, server)->uri,
	     state_in_maintenance(&line->policy, server) ? "in maintenance" :
	     "no longer in maintenance");
}


/**
 * Report that the connection to a server has ended
 *
 * @param line    Line
 * @param server  Server
 * @param wait_ms Time until the account registers anew [ms]
 */
void report_flow_ended(const struct line *line, unsigned server,
		       uint64_t wait_ms)
{
	info("failover: %s: the connection to server %u (%s) has ended,"
	     " registering anew in %llu.%llu s\n", line_name(line), server,
	     line_server(line, server)->uri,
	     (unsigned long long)(wait_ms / 1000),
	     (unsigned long long)(wait_ms % 1000 / 100));
}


/**
 * Report once that the phone has no network. The account may leave the state
 * OFFLINE meanwhile, for a try.
 *
 * @param line Line
 */
void report_offline(struct line *line)
{
	if (line->told_offline)
		return;

	line->told_offline = true;
	warning("failover: %s: the phone has no network\n", line_name(line));
}


/**
 * Report that the phone has a network again, if it had none
 *
 * @param line Line
 */
void report_online(struct line *line)
{
	if (!line->told_offline)
		return;

	line->told_offline = false;
	info("failover: %s: the phone has a network again\n",
	     line_name(line));
}


/**
 * Report that a call goes on through another server
 *
 * @param line   Line
 * @param call   Call
 * @param peer   Called party
 * @param old_id Old Call-ID, NULL if no INVITE was sent
 * @param new_id New Call-ID
 */
void report_call_moved(const struct line *line, struct call *call,
		       const char *peer, const char *old_id,
		       const char *new_id)
{
	const unsigned server = line->policy.target;
	char text[TEXT_SIZE];

	/* the Call-IDs come first: an event's text may be cut off */
	(void)re_snprintf(text, sizeof(text), "%s: Call-ID %s -> %s goes"
			  " through server %u (%s): call to %s",
			  line_name(line), old_id ? old_id : "none", new_id,
			  server, line_server(line, server)->uri, peer);
	tell(false, line, call, "call_moved", text);
}


/**
 * Report that no server has taken a call
 *
 * @param line Line
 * @param peer Called party
 */
void report_call_failed(const struct line *line, const char *peer)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: call to %s failed: %H",
			  line_name(line), peer, print_reasons, line);
	tell(true, line, NULL, NULL, text);
}


/**
 * Report that a call was hung up through another server
 *
 * @param line   Line
 * @param server Server
 * @param callid Call-ID
 * @param peer   The other party
 * @param answer Answer to the BYE
 */
void report_bye_moved(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer)
{
	char reason[REASON_SIZE], text[TEXT_SIZE];

	foreign_answer(reason, sizeof(reason), NULL, answer->scode,
		    answer->reason.p, answer->reason.l);
	(void)re_snprintf(text, sizeof(text), "%s: call with %s was hung up"
			  " through server %u (%s), Call-ID %s: %s",
			  line_name(line), peer, server,
			  line_server(line, server)->uri, callid, reason);
	tell(false, line, NULL, "bye_moved", text);
}


/**
 * Report that a server has refused the BYE, so the far end was not hung up
 *
 * @param line   Line
 * @param server Server
 * @param callid Call-ID
 * @param peer   The other party
 * @param answer Answer to the BYE, 300 to 699
 */
void report_bye_ended(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer)
{
	const char *uri = line_server(line, server)->uri;
	char text[TEXT_SIZE];

	if (answer->scode == 481)
		(void)re_snprintf(text, sizeof(text), "%s: BYE of the call"
				  " with %s, Call-ID %s: server %u (%s) does"
				  " not know this call (481)", line_name(line),
				  peer, callid, server, uri);
	else
		(void)re_snprintf(text, sizeof(text), "%s: BYE of the call"
				  " with %s, Call-ID %s, was refused by server"
				  " %u (%s): %u %r", line_name(line), peer,
				  callid, server, uri, answer->scode,
				  &answer->reason);
	tell(answer->scode != 481, line, NULL, NULL, text);
}


/**
 * Report that no server has taken a BYE
 *
 * @param line   Line
 * @param callid Call-ID
 * @param peer   The other party
 */
void report_bye_failed(const struct line *line, const char *callid,
		       const char *peer)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: BYE of the call with %s,"
			  " Call-ID %s, failed: %H", line_name(line), peer,
			  callid, print_reasons, line);
	tell(true, line, NULL, NULL, text);
}


/**
 * Report that a request within a call went through another server
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param answer Final answer
 */
void report_request_moved(const struct line *line, unsigned server,
			  const char *met, const struct sip_msg *answer)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: %s within the call with"
			  " %r@%r went through server %u (%s), Call-ID %r:"
			  " %u %r", line_name(line), met,
			  &answer->to.uri.user, &answer->to.uri.host, server,
			  line_server(line, server)->uri, &answer->callid,
			  answer->scode, &answer->reason);
	tell(false, line, NULL, "request_moved", text);
}


/**
 * Report that no server has taken a request within a call; the call goes on
 *
 * @param line   Line
 * @param met    Method
 * @param callid Call-ID
 * @param peer   The other party
 */
void report_request_failed(const struct line *line, const char *met,
			   const struct pl *callid, const struct uri *peer)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: %s within the call with"
			  " %r@%r, Call-ID %r, failed, the call goes on: %H",
			  line_name(line), met, &peer->user, &peer->host,
			  callid, print_reasons, line);
	tell(true, line, NULL, NULL, text);
}


/**
 * Report that a server does not know a call
 *
 * @param line   Line
 * @param server Server
 * @param met    Method of the request that was sent
 * @param callid Call-ID
 * @param peer   The other party
 * @param kept   True if media flows and the call is kept
 */
void report_dialog_unknown(const struct line *line, unsigned server,
			   const char *met, const struct pl *callid,
			   const struct uri *peer, bool kept)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: server %u (%s) does not"
			  " know the call with %r@%r, Call-ID %r: %s failed,"
			  " %s", line_name(line), server,
			  line_server(line, server)->uri, &peer->user,
			  &peer->host, callid, met, kept ?
			  "the call goes on, hold and transfer will not work"
			  " in it" : "the call ends");
	tell(true, line, NULL, NULL, text);
}


/**
 * Report that a request within a call was not sent: there is no connection to
 * the server that the call was set up through
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param callid Call-ID
 */
void report_request_unsent(const struct line *line, unsigned server,
			   const char *met, const char *callid)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: %s within a call, Call-ID"
			  " %s, could not be sent, the call goes on: no"
			  " connection to server %u (%s)", line_name(line),
			  met, callid, server, line_server(line, server)->uri);
	tell(true, line, NULL, NULL, text);
}


/**
 * Report that the server that a call was set up through accepts no connection
 *
 * @param line   Line
 * @param server Server
 * @param call   Call
 */
void report_call_stranded(const struct line *line, unsigned server,
			  struct call *call)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%s: call with %s, Call-ID %s:"
			  " hold and transfer fail until server %u (%s)"
			  " accepts connections again, hang-up works",
			  line_name(line), call_peeruri(call), call_id(call),
			  server, line_server(line, server)->uri);
	tell(true, line, call, NULL, text);
}
