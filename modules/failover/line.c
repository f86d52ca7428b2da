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
	mem_deref(line->probe);
	mem_deref(line->renewal);
	mem_deref(line->contact_params);

	for (unsigned i = 0; i < MAX_SERVERS; i++) {
		mem_deref(line->icmpv[i]);
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

	if (d->register_with)
		line->todo.register_with = d->register_with;

	line->todo.probe |= d->probe;
	line->todo.renew |= d->renew;

	if (line->todo.register_with || line->todo.probe || line->todo.renew)
		tmr_start(&line->tmr_todo, 0, todo_handler, line);

	start_policy_timer(line);
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
 * The managed line of an address-of-record
 *
 * @param user User part
 * @param host Host part
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_aor(const struct pl *user, const struct pl *host)
{
	struct le *le;

	for (le = list_head(&linel); le; le = le->next) {

		struct line *line = le->data;
		const struct uri *uri;

		if (line->unmanaged)
			continue;

		uri = &account_laddr(ua_account(line->ua))->uri;

		if (!pl_cmp(&uri->user, user) && !pl_casecmp(&uri->host, host))
			return line;
	}

	return NULL;
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
 * See whether somebody listens where a request over UDP goes
 *
 * @param line   Line
 * @param server Server
 * @param dst    Destination of the request
 * @param since  Its first transmission [ms]
 */
void line_poke(struct line *line, unsigned server, const struct sa *dst,
	       uint64_t since)
{
	struct icmp **icmpp = &line->icmpv[server - 1];

	if (!*icmpp && icmp_alloc(icmpp, line, server))
		return;

	icmp_poke(*icmpp, dst, since);
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
	line->probe   = mem_deref(line->probe);
	line->renewal = mem_deref(line->renewal);

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
