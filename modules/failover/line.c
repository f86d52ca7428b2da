/**
 * @file line.c  An account: its evidence and its decisions
 *
 * Evidence goes to the policy as it comes. What the policy decides is told at
 * once and done a moment later, from a timer: Baresip and libre may be in the
 * middle of the very thing that the evidence is about.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "dialog.h"
#include "failover.h"


static struct list linel;


static void todo_handler(void *arg);
static void policy_handler(void *arg);


static void destructor(void *arg)
{
	struct line *line = arg;

	list_unlink(&line->le);
	tmr_cancel(&line->tmr_todo);
	tmr_cancel(&line->tmr_policy);
	wire_forget(line);
	dial_forget(line);
	bye_forget(line);
	dialog_forget(line);
	mem_deref(line->probe);
	mem_deref(line->keepalive);
	mem_deref(line->renewal);
	mem_deref(line->contact_params);

	for (unsigned i = 0; i < MAX_SERVERS; i++) {
		mem_deref(line->pokev[i]);
		server_reset(&line->serverv[i]);
	}
}


static uint64_t now_ms(void)
{
	return tmr_jiffies();
}


/* Wake up when the policy wants to know the time */
static void start_policy_timer(struct line *line)
{
	uint64_t now = now_ms(), when;

	if (policy_next(&line->policy, &when))
		tmr_start(&line->tmr_policy, when > now ? when - now : 0,
			  policy_handler, line);
	else
		tmr_cancel(&line->tmr_policy);
}


/**
 * Tell a decision, and do it as soon as it is safe
 *
 * @param line Line
 * @param d    Decision
 */
void line_decide(struct line *line, const struct decision *d)
{
	report_decision(line, d);

	if ((d->tell == TELL_SWITCH && !d->by_command) ||
	    d->tell == TELL_EXHAUSTED)
		wire_give_up(line, d->from);

	if (d->register_with)
		line->todo.register_with = d->register_with;

	line->todo.probe     |= d->probe;
	line->todo.renew     |= d->renew;
	line->todo.keepalive |= d->keepalive;

	line_go_on(line);
	start_policy_timer(line);
}


/**
 * Do what is to be done, as soon as it is safe
 *
 * @param line Line
 */
void line_go_on(struct line *line)
{
	tmr_start(&line->tmr_todo, 0, todo_handler, line);
}


static void policy_handler(void *arg)
{
	struct line *line = arg;
	struct decision d = {0};

	policy_tick(&line->policy, now_ms(), rand_u32(), &d);
	line_decide(line, &d);
}


static void describe(char *reason, size_t size, int err,
		     const struct sip_msg *msg)
{
	if (err)
		(void)re_snprintf(reason, size, "%m", err);
	else
		(void)re_snprintf(reason, size, "%u %r", msg->scode,
				  &msg->reason);
}


static void probe_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	char reason[REASON_SIZE];
	struct decision d = {0};
	bool alive, good;

	alive = !err && !codes_has(&line->set.codes, msg->scode);
	good  = alive && (msg->scode < 300 ||
			  line->set.probe == PROBE_OPTIONS);

	describe(reason, sizeof(reason), err, msg);
	line->probe = mem_deref(line->probe);

	policy_probed(&line->policy, good, alive, now_ms(), rand_u32(),
		      reason, &d);
	line_decide(line, &d);
}


static void renewal_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const bool ok = !err && msg->scode < 300;
	struct decision d = {0};

	line->renewal = mem_deref(line->renewal);

	policy_renewed(&line->policy, ok, line->renewal_deregs, &d);
	line_decide(line, &d);
}


static void keepalive_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct line *line = arg;
	const unsigned server = line->keepalive_server;
	char reason[REASON_SIZE], text[REASON_SIZE];

	line->keepalive = mem_deref(line->keepalive);

	if (!err && !codes_has(&line->set.codes, msg->scode)) {
		policy_alive(&line->policy, server);
		return;
	}

	describe(reason, sizeof(reason), err, msg);
	(void)re_snprintf(text, sizeof(text), "OPTIONS: %s", reason);
	line_failed(line, server, line->keepalive_since, text);
}


static void do_keepalive(struct line *line)
{
	/* the one before is judged by its own time */
	if (line->keepalive)
		return;

	line->keepalive_server = line->policy.target;
	line->keepalive_since  = now_ms();

	if (request_options(&line->keepalive, line, line->keepalive_server,
			    keepalive_handler, line))
		keepalive_handler(ENOMEM, NULL, line);
}


static void do_probe(struct line *line)
{
	int err;

	line->probe = mem_deref(line->probe);

	if (line->set.probe == PROBE_OPTIONS)
		err = request_options(&line->probe, line, PRIMARY,
				      probe_handler, line);
	else
		err = request_register(&line->probe, line, PRIMARY,
				       probe_handler, line);
	if (err)
		probe_handler(err, NULL, line);
}


static void do_renew(struct line *line)
{
	line->renewal = mem_deref(line->renewal);
	line->renewal_deregs = line->policy.deregs;

	if (request_register(&line->renewal, line, line->policy.target,
			     renewal_handler, line))
		renewal_handler(ENOMEM, NULL, line);
}


static void todo_handler(void *arg)
{
	struct line *line = arg;
	const struct decision todo = line->todo;

	memset(&line->todo, 0, sizeof(line->todo));

	if (todo.register_with)
		registration_move(line, todo.register_with);
	if (todo.probe)
		do_probe(line);
	if (todo.renew)
		do_renew(line);
	if (todo.keepalive)
		do_keepalive(line);

	dial_run(line);
	bye_run(line);
}


/**
 * Take an account under management, or note why not
 *
 * @param linep Pointer to the line, owned by the list of lines
 * @param ua    User agent of the account
 *
 * @return 0 if success, otherwise errorcode
 */
int line_alloc(struct line **linep, struct ua *ua)
{
	struct line *line;

	line = mem_zalloc(sizeof(*line), destructor);
	if (!line)
		return ENOMEM;

	list_append(&linel, &line->le, line);
	tmr_init(&line->tmr_todo);
	tmr_init(&line->tmr_policy);
	line->ua = ua;

	line->unmanaged = config_account(line);
	if (!line->unmanaged)
		policy_init(&line->policy, &line->set, line->serverc);
	else if (strcmp(line->unmanaged, "failover=no"))
		warning("failover: %s is not managed: %s\n", line_name(line),
			line->unmanaged);

	*linep = line;

	return 0;
}


/** Find accounts that have not registered and so were not announced */
void line_scan(void)
{
	struct line *line;
	struct le *le;

	for (le = list_head(uag_list()); le; le = le->next) {
		if (!line_find(le->data))
			(void)line_alloc(&line, le->data);
	}
}


/** Let go of all accounts; they go on as they are */
void line_close_all(void)
{
	list_flush(&linel);
}


/**
 * All lines, managed or not
 *
 * @return List of struct line
 */
struct list *line_list(void)
{
	return &linel;
}


/**
 * The line of a user agent
 *
 * @param ua User agent
 *
 * @return Line, NULL if there is none
 */
struct line *line_find(const struct ua *ua)
{
	struct le *le;

	for (le = list_head(&linel); le; le = le->next) {

		struct line *line = le->data;

		if (line->ua == ua)
			return line;
	}

	return NULL;
}


/**
 * The managed line that a Contact is of
 *
 * @param user User part of the Contact, unique to a user agent
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_contact(const struct pl *user)
{
	struct le *le;

	for (le = list_head(&linel); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged &&
		    !pl_strcmp(user, ua_local_cuser(line->ua)))
			return line;
	}

	return NULL;
}


static bool is_from(const struct line *line, const struct sip_msg *msg)
{
	const struct uri *uri = &account_laddr(ua_account(line->ua))->uri;

	return !line->unmanaged && !pl_cmp(&uri->user, &msg->from.uri.user) &&
		!pl_casecmp(&uri->host, &msg->from.uri.host);
}


/**
 * The managed line that a request of Baresip's is from: by its Contact, or by
 * its From
 *
 * @param msg Request sent
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_request(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct line *line = NULL;
	struct sip_addr addr;
	struct le *le;

	if (hdr && !sip_addr_decode(&addr, &hdr->val))
		line = line_find_contact(&addr.uri.user);

	for (le = list_head(&linel); le && !line; le = le->next) {
		if (is_from(le->data, msg))
			line = le->data;
	}

	return line;
}


/**
 * A server of a line
 *
 * @param line   Line
 * @param server Number, from 1
 *
 * @return Server
 */
const struct server *line_server(const struct line *line, unsigned server)
{
	return &line->serverv[server - 1];
}


/**
 * The server that a request goes to: by its Route if that is one of ours, by
 * its destination otherwise
 *
 * @param line  Line
 * @param route Value of the topmost Route, NULL if it has none
 * @param tp    Transport
 * @param dst   Destination
 *
 * @return Number of the server, 0 if it is none of the line's
 */
unsigned line_server_of(struct line *line, const struct pl *route,
			enum sip_transp tp, const struct sa *dst)
{
	for (unsigned i = 0; route && i < line->serverc; i++) {

		struct server *srv = &line->serverv[i];

		if (server_is_route(srv, route)) {
			srv->addr = *dst;
			return i + 1;
		}
	}

	for (unsigned i = 0; i < line->serverc; i++) {
		if (server_is_address(&line->serverv[i], tp, dst))
			return i + 1;
	}

	return 0;
}


/**
 * Does a binding made over this transport stay the account's? Its Contact
 * names the transport, so it does if the server in use has the same.
 *
 * @param line Line
 * @param tp   Transport
 *
 * @return True if it stays, false if it is to be removed
 */
bool line_keeps_contact(const struct line *line, enum sip_transp tp)
{
	return line->policy.state != POLICY_IDLE && line->client &&
		server_uses(line_server(line, line->client), tp);
}


/**
 * The account's address-of-record
 *
 * @param line Line
 *
 * @return AOR, as sip:alice@example.com
 */
const char *line_aor(const struct line *line)
{
	return account_aor(ua_account(line->ua));
}


/**
 * The account's name for the user
 *
 * @param line Line
 *
 * @return Name, as alice@example.com
 */
const char *line_name(const struct line *line)
{
	const char *aor = line_aor(line), *colon = strchr(aor, ':');

	return colon ? colon + 1 : aor;
}


/**
 * Baresip is about to register the account
 *
 * @param line Line
 */
void line_registering(struct line *line)
{
	struct decision d = {0};

	if (line->registering)
		return;

	/* it may have opened its sockets anew */
	mute_knock();

	/* Baresip reads the outbound proxy after this event */
	registration_aim(line, policy_registering(&line->policy, now_ms()));
	memset(&line->todo, 0, sizeof(line->todo));

	line_decide(line, &d);
}


/* Baresip's text is "503 Service Unavailable", or an error in words */
static uint16_t status_code(const char *text)
{
	struct pl pl = { .p = text, .l = 3 };

	for (unsigned i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
	}

	return text[3] == ' ' || !text[3] ? (uint16_t)pl_u32(&pl) : 0;
}


/**
 * Baresip's registration has been answered, or has failed
 *
 * @param line Line
 * @param text The answer as "200 OK", or the error in words
 * @param ok   True if registered
 */
void line_register_result(struct line *line, const char *text, bool ok)
{
	struct policy *p = &line->policy;
	const uint64_t now = now_ms();
	const uint16_t scode = status_code(text);
	struct decision d = {0};

	/* of a client that is about to be replaced */
	if (line->client != p->target || line->todo.register_with)
		return;

	if (ok)
		policy_registered(p, now, rand_u32(), text, &d);
	else if (!scode || codes_has(&line->set.codes, scode))
		policy_failed(p, p->target, now, now, rand_u32(), text, &d);
	else
		policy_refused(p, now, rand_u32(), text);

	line_decide(line, &d);
}


/**
 * Baresip's REGISTER is on the wire
 *
 * @param line   Line
 * @param server Server it goes to
 * @param since  Its first transmission [ms]
 * @param again  True for a retransmission
 */
void line_sent(struct line *line, unsigned server, uint64_t since, bool again)
{
	if (since < line->policy.started)
		return;

	if (again)
		policy_resent(&line->policy, server);
	else
		policy_sent(&line->policy, server, since);

	start_policy_timer(line);
}


/**
 * Baresip's REGISTER has a final answer
 *
 * @param line   Line
 * @param server Server that answered
 * @param scode  Status code
 */
void line_answered(struct line *line, unsigned server, uint16_t scode)
{
	/* libre may go on to another address of that server by itself: the
	   server's time runs on until Baresip tells that it has failed */
	if (codes_has(&line->set.codes, scode))
		return;

	policy_answered(&line->policy, server);
	start_policy_timer(line);
}


/**
 * See whether somebody listens where a request goes
 *
 * @param line   Line
 * @param server Server
 * @param tp     Transport of the request
 * @param dst    Destination of the request
 * @param since  Its first transmission [ms]
 */
void line_poke(struct line *line, unsigned server, enum sip_transp tp,
	       const struct sa *dst, uint64_t since)
{
	struct poke **pokep = &line->pokev[server - 1];

	if (!*pokep && poke_alloc(pokep, line, server))
		return;

	if (tp == SIP_TRANSP_UDP)
		poke_udp(*pokep, dst, since);
	else
		poke_tcp(*pokep, dst, since);
}


/**
 * See whether somebody listens at a server
 *
 * @param line   Line
 * @param server Server
 */
void line_look(struct line *line, unsigned server)
{
	const struct server *srv = line_server(line, server);

	if (sa_isset(&srv->addr, SA_ALL))
		line_poke(line, server, srv->tp == SIP_TRANSP_NONE ?
			  SIP_TRANSP_UDP : srv->tp, &srv->addr, now_ms());
}


/**
 * A request to a server has failed in a way that means "server unavailable"
 *
 * @param line   Line
 * @param server Server
 * @param since  When the request was first sent [ms]
 * @param reason What was seen
 */
void line_failed(struct line *line, unsigned server, uint64_t since,
		 const char *reason)
{
	struct decision d = {0};

	policy_failed(&line->policy, server, since, now_ms(), rand_u32(),
		      reason, &d);
	line_decide(line, &d);
}


/**
 * A request has been without any answer for as long as a server is given
 *
 * @param line   Line
 * @param server Server
 * @param met    Method
 * @param sends  Transmissions seen, 0 or 1 if it is not retransmitted
 * @param since  First transmission [ms]
 */
void line_unanswered(struct line *line, unsigned server, const char *met,
		     unsigned sends, uint64_t since)
{
	char reason[REASON_SIZE];

	policy_describe_unanswered(reason, sizeof(reason), met, sends,
				   now_ms() - since);
	line_failed(line, server, since, reason);
}


/**
 * All servers were down, but the user wants something now
 *
 * @param line Line
 */
void line_retry(struct line *line)
{
	struct decision d = {0};

	if (line->policy.state != POLICY_DOWN)
		return;

	(void)policy_probe(&line->policy, now_ms(), &d);
	line_decide(line, &d);
}


/**
 * A de-registration of the account has ended
 *
 * @param line Line
 */
void line_deregistered(struct line *line)
{
	struct decision d = {0};

	policy_deregistered(&line->policy, &d);
	line_decide(line, &d);
}


/**
 * The user has taken the account off the registrar
 *
 * @param line Line
 */
void line_unregistered(struct line *line)
{
	struct decision d = {0};

	policy_unregistered(&line->policy);
	memset(&line->todo, 0, sizeof(line->todo));
	line->probe     = mem_deref(line->probe);
	line->keepalive = mem_deref(line->keepalive);
	line->renewal   = mem_deref(line->renewal);

	line_decide(line, &d);
}


/**
 * The machine has a network again
 *
 * @param line Line
 */
void line_network_back(struct line *line)
{
	struct decision d = {0};

	if (line->unmanaged)
		return;

	policy_network_back(&line->policy, now_ms(), &d);
	line_decide(line, &d);
}
