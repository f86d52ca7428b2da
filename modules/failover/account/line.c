/**
 * @file line.c  Our accounts: which exist, and their servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "line.h"
#include "line_find.h"


static struct list linel;


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
 * Add a line to all lines, and have it found
 *
 * @param line Line, with its user agent and account
 */
void line_add(struct line *line)
{
	list_append(&linel, &line->le, line);
	line_find_add(line);
}


/**
 * Remove a line
 *
 * @param line Line
 */
void line_remove(struct line *line)
{
	list_unlink(&line->le);
	line_find_remove(line);
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
