/**
 * @file line.c  Our accounts: which exist, and whose request is this
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "glance.h"
#include "index.h"
#include "line.h"
#include "plain.h"


static struct list linel;
static struct index uas;
static struct index cusers;          /* By user part of the Contact          */
static struct index users;           /* By user part of the AOR              */
static struct index callids;         /* By Call-ID of Baresip's REGISTERs    */


/**
 * All lines, managed or not
 *
 * @return List of struct line
 */
struct list *line_list(void)
{
	return &linel;
}


/* The key of a user agent is its address in memory */
static void ua_key(struct pl *key, const struct ua **ua)
{
	key->p = (const char *)ua;
	key->l = sizeof(void *);
}


/**
 * Add a line to the indexes
 *
 * @param line Line, with its user agent and account
 */
void line_add(struct line *line)
{
	const struct ua *ua = line->ua;
	struct pl key;

	list_append(&linel, &line->le, line);

	ua_key(&key, &ua);
	index_add_pl(&uas, &key, &line->le_ua, line);
	index_add(&cusers, ua_local_cuser(ua), &line->le_cuser, line);
	index_add_pl(&users, &account_laddr(line->acc)->uri.user,
		     &line->le_user, line);
}


/**
 * Remove a line from the indexes
 *
 * @param line Line
 */
void line_remove(struct line *line)
{
	list_unlink(&line->le);
	list_unlink(&line->le_ua);
	list_unlink(&line->le_cuser);
	list_unlink(&line->le_user);
	list_unlink(&line->le_callid);
	line->callid = mem_deref(line->callid);
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
	struct pl key;

	ua_key(&key, &ua);

	for (le = list_head(index_bucket(&uas, &key)); le; le = le->next) {

		struct line *line = le->data;

		if (line->ua == ua && line->acc == ua_account(ua))
			return line;
	}

	return NULL;
}


static bool is_aor(const struct line *line, const struct pl *aor)
{
	const struct uri *own = &account_laddr(line->acc)->uri;
	struct uri uri;

	if (plain_is(aor, line_aor(line)))
		return true;

	return !uri_decode(&uri, aor) && !pl_cmp(&own->user, &uri.user) &&
		!pl_casecmp(&own->host, &uri.host);
}


/* Older versions of Baresip give each user agent its own Contact user. Newer
   ones do not, so the AOR tells apart alice of two domains. */
static struct line *find_cuser(const struct pl *user, const struct pl *aor)
{
	struct line *found = NULL;
	struct le *le;

	for (le = list_head(index_bucket(&cusers, user)); le; le = le->next) {

		struct line *line = le->data;

		if (line->unmanaged ||
		    !plain_is(user, ua_local_cuser(line->ua)))
			continue;

		if (is_aor(line, aor))
			return line;

		if (!found)
			found = line;
	}

	return found;
}


static struct line *find_aor(const struct pl *aor)
{
	struct pl user;
	struct uri uri;
	struct le *le;

	if (!plain_uri_user(&user, aor)) {

		if (uri_decode(&uri, aor))
			return NULL;

		user = uri.user;
	}

	for (le = list_head(index_bucket(&users, &user)); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged && is_aor(line, aor))
			return line;
	}

	return NULL;
}


/* Find a line by its Contact, or by its From */
static struct line *find_from(const struct pl *contact, const struct pl *from)
{
	struct line *line = NULL;
	struct sip_addr addr;
	struct pl user;

	if (pl_isset(contact)) {

		if (plain_user(&user, contact))
			line = find_cuser(&user, from);
		else if (!sip_addr_decode(&addr, contact))
			line = find_cuser(&addr.uri.user, from);
	}

	return line ? line : find_aor(from);
}


/**
 * The managed line that a request is to
 *
 * @param msg Request received, to its Contact
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_called(const struct sip_msg *msg)
{
	return find_cuser(&msg->uri.user, &msg->to.auri);
}


/**
 * The managed line that sends a request of Baresip's
 *
 * @param g Request, as it is sent
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_sent(const struct glance *g)
{
	return find_from(&g->contact, &g->from_uri);
}


/**
 * The managed line whose REGISTER of Baresip's had this Call-ID. All that one
 * client sends have the same (RFC 3261 section 10.2).
 *
 * @param callid Call-ID
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_callid(const struct pl *callid)
{
	struct le *le;

	for (le = list_head(index_bucket(&callids, callid)); le;
	     le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged && plain_is(callid, line->callid))
			return line;
	}

	return NULL;
}


/**
 * Baresip sends a REGISTER of a line
 *
 * @param line   Line
 * @param callid Its Call-ID
 */
void line_set_callid(struct line *line, const struct pl *callid)
{
	if (line->callid && plain_is(callid, line->callid))
		return;

	list_unlink(&line->le_callid);
	line->callid = mem_deref(line->callid);

	if (!pl_strdup(&line->callid, callid))
		index_add(&callids, line->callid, &line->le_callid, line);
}


/**
 * The managed line that an answer is for
 *
 * @param msg Answer, with or without the Contact
 *
 * @return Line, NULL if there is none
 */
struct line *line_find_answered(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	const struct pl none = PL_INIT;

	return find_from(hdr ? &hdr->val : &none, &msg->from.auri);
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
	return account_aor(line->acc);
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
 * The credentials of an account, for libre (sip_auth_h)
 *
 * @param username Returns the user name
 * @param password Returns the password
 * @param realm    Realm of the challenge
 * @param arg      Account
 *
 * @return 0 if success, otherwise errorcode
 */
int line_auth_handler(char **username, char **password, const char *realm,
		      void *arg)
{
	return account_auth(arg, username, password, realm);
}


/**
 * Make room for servers of a line, or give back what is not needed
 *
 * @param line Line
 * @param n    Number of servers, not 0 and not below line->serverc
 *
 * @return 0 if success, otherwise errorcode
 */
int line_make_room(struct line *line, unsigned n)
{
	const size_t size = n * sizeof(*line->serverv);
	struct server *serverv = line->serverv ?
		mem_realloc(line->serverv, size) : mem_alloc(size, NULL);

	if (!serverv)
		return ENOMEM;

	if (n > line->serverm)
		memset(&serverv[line->serverm], 0,
		       (n - line->serverm) * sizeof(*serverv));

	line->serverv = serverv;
	line->serverm = n;

	return 0;
}


/**
 * Free the servers of a line
 *
 * @param line Line, about to be freed
 */
void line_drop_servers(struct line *line)
{
	for (unsigned i = 0; i < line->serverm; i++)
		server_reset(&line->serverv[i]);

	line->serverv = mem_deref(line->serverv);
	line->serverc = 0;
	line->serverm = 0;
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
 * The server that a request goes to: from its Route if it names one of ours,
 * otherwise from its destination
 *
 * @param line  Line
 * @param guess Likely server, 0: none. Names of several servers may resolve to
 *              the same address
 * @param route Value of the topmost Route, NULL if there is none
 * @param tp    Transport
 * @param dst   Destination
 *
 * @return Number of the server, 0 if it is none of the line's
 */
unsigned line_server_of(struct line *line, unsigned guess,
			const struct pl *route, enum sip_transp tp,
			const struct sa *dst)
{
	for (unsigned i = 0; route && i < line->serverc; i++) {

		struct server *srv = &line->serverv[i];

		if (server_is_route(srv, route)) {
			server_used(srv, tp, dst);
			return i + 1;
		}
	}

	if (guess && server_is_address(line_server(line, guess), tp, dst))
		return guess;

	for (unsigned i = 0; i < line->serverc; i++) {
		if (server_is_address(&line->serverv[i], tp, dst))
			return i + 1;
	}

	return 0;
}


static bool has_socket(enum sip_transp tp, int af)
{
	struct sa dst, laddr;

	sa_init(&dst, af);

	return !sip_transp_laddr(uag_sip(), &laddr, tp, &dst);
}


/* With one address family, a phone has one Contact for each transport */
static int contact_af(enum sip_transp tp, const struct sa *dst)
{
	return has_socket(tp, AF_INET) && has_socket(tp, AF_INET6) ?
		sa_af(dst) : AF_UNSPEC;
}


/**
 * The account line as Baresip has read it
 *
 * @param line Line
 *
 * @return Text, part of the account
 */
struct pl line_text(const struct line *line)
{
	const struct sip_addr *addr = account_laddr(line->acc);
	const char *begin = addr->auri.p, *end = begin + addr->auri.l;
	struct pl text;

	if (*end == '>') {
		--begin;
		++end;
	}

	if (pl_isset(&addr->dname)) {
		begin = addr->dname.p;
		begin -= begin[addr->dname.l] == '"';
	}

	if (addr->params.p)
		end = addr->params.p + addr->params.l;

	text.p = begin;
	text.l = (size_t)(end - begin);

	return text;
}


/**
 * Is a binding made at this server still valid for the account? Its Contact
 * names the transport and an address of the phone. So it is valid if the
 * server in use has the same transport and address family.
 *
 * @param line Line
 * @param tp   Transport
 * @param dst  Where the binding was made
 *
 * @return True if it is, false if it must be removed
 */
bool line_keeps_contact(const struct line *line, enum sip_transp tp,
			const struct sa *dst)
{
	return line->policy.state != POLICY_IDLE && line->client &&
		server_uses(line_server(line, line->client), tp,
			    contact_af(tp, dst));
}
