/**
 * @file config_account.c  The servers of an account line
 *
 * An account that cannot be managed is left alone, and the reason is stored.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include "changes.h"
#include "config.h"
#include "config_account.h"
#include "expand.h"
#include "keys.h"
#include "line.h"
#include "names.h"


enum {
	URI_SIZE = 512,
};


/**
 * Decode an expiry
 *
 * @param s  Returns the expiry [s]
 * @param pl Text
 *
 * @return True if it is 1 to 86400 s
 */
bool config_account_decode_regint(uint32_t *s, const struct pl *pl)
{
	char *end, val[16];
	unsigned long v;

	if (pl_strcpy(pl, val, sizeof(val)) || val[0] < '0' || val[0] > '9')
		return false;

	v  = strtoul(val, &end, 10);
	*s = (uint32_t)v;

	return !*end && v >= 1 && v <= 86400;
}


/* Expiry requested from a server; that of server 1 unless it has its own */
static uint32_t read_regint(const struct line *line, unsigned server,
			    bool warn)
{
	uint32_t dflt = account_regint(line->acc), s;
	char key[32];
	struct pl pl;

	/* the account's value may be ours, set before a reload */
	if (config_param_now(line, "regint", &pl) && pl_u32(&pl))
		dflt = pl_u32(&pl);

	if (server == PRIMARY)
		return dflt;

	(void)re_snprintf(key, sizeof(key), "failover_regint%u", server);

	if (!config_param_now(line, key, &pl))
		return dflt;

	if (config_account_decode_regint(&s, &pl))
		return s;

	if (warn)
		warning("failover: %s: %s '%r' is not 1 to 86400 seconds,"
			" using %u\n", line_name(line), key, &pl, dflt);

	return dflt;
}


/* Leave the account alone, and store the reason */
static int refuse(struct line *line, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&line->unmanaged, fmt, ap);
	va_end(ap);

	return err ? err : EINVAL;
}


static int add_server(struct line *line, const struct pl *uri, bool warn)
{
	struct server *srv = &line->serverv[line->serverc];
	int err;

	if (line->serverc == MAX_SERVERS)
		return refuse(line, "more than %u servers", MAX_SERVERS);

	++line->serverc;

	err = server_decode(srv, uri);
	if (err)
		return refuse(line, "server %u '%r': %s", line->serverc, uri,
			      server_refusal(err));

	srv->regint = read_regint(line, line->serverc, warn);

	for (unsigned i = PRIMARY; i < line->serverc; i++) {
		if (server_equal(line_server(line, i), srv))
			return refuse(line, "server %u '%r': the same server"
				      " as number %u", line->serverc, uri, i);
	}

	return 0;
}


/**
 * The next server of a list
 *
 * @param uri  Returns its URI
 * @param list URIs separated by commas; returns the rest
 */
void config_account_next_server(struct pl *uri, struct pl *list)
{
	const char *comma = pl_strchr(list, ',');

	*uri = *list;
	if (comma)
		uri->l = (size_t)(comma - list->p);

	pl_advance(list, (ssize_t)(uri->l + (comma ? 1 : 0)));

	while (uri->l && *uri->p == ' ')
		pl_advance(uri, 1);
	while (uri->l && uri->p[uri->l - 1] == ' ')
		--uri->l;
}


static int add_more_servers(struct line *line, struct pl list, bool warn)
{
	int err = 0;

	while (list.l && !err) {

		struct pl uri;

		config_account_next_server(&uri, &list);
		err = add_server(line, &uri, warn);
	}

	return err;
}


/**
 * An outbound proxy as the user wrote it: read from the account line, as
 * Baresip does. The value in the account may be ours, set before a reload.
 *
 * @param line   Line
 * @param server PRIMARY or the one after it
 * @param uri    Set to its URI
 *
 * @return True if there is one
 */
bool config_account_outbound(const struct line *line, unsigned server,
			     struct pl *uri)
{
	char name[16];

	(void)re_snprintf(name, sizeof(name), "outbound%u", server);

	return (config_param_now(line, name, uri) && pl_isset(uri)) ||
		(server == PRIMARY &&
		 config_param_now(line, "outbound", uri) && pl_isset(uri));
}


/* An account without a server: use the domain of its AOR, RFC 3263 section
   4 */
static int add_domain(struct line *line, bool warn)
{
	const struct uri *aor = &account_laddr(line->acc)->uri;
	struct server *srv = &line->serverv[0];
	char uri[URI_SIZE];
	struct pl pl;
	int n;

	if (pl_strcasecmp(&aor->scheme, "sip") || aor->port)
		return 0;

	if (msg_param_decode(&aor->params, "transport", &pl))
		n = re_snprintf(uri, sizeof(uri), "sip:%r", &aor->host);
	else
		n = re_snprintf(uri, sizeof(uri), "sip:%r;transport=%r",
				&aor->host, &pl);
	if (n < 0)
		return 0;

	pl_set_str(&pl, uri);

	if (server_decode(srv, &pl) || !names_is_candidate(srv)) {
		server_reset(srv);
		return 0;
	}

	srv->regint   = read_regint(line, PRIMARY, warn);
	line->serverc = 1;

	return 0;
}


/* List the servers as the user wrote them */
static int list_servers(struct line *line, bool two, bool warn)
{
	struct pl more, uri;
	const bool listed = config_param_now(line, "failover_servers", &more);
	int err;

	if (!config_account_outbound(line, PRIMARY, &uri))
		return two || listed || !line->set.srv ? 0 :
			add_domain(line, warn);

	err = add_server(line, &uri, warn);

	if (!err && config_account_outbound(line, PRIMARY + 1, &uri))
		err = add_server(line, &uri, warn);

	if (!err && listed)
		err = add_more_servers(line, more, warn);

	return err;
}


static int read_servers(struct line *line, bool warn)
{
	struct pl pl;
	const bool two = config_account_outbound(line, PRIMARY + 1, &pl);
	int err;

	err = line_make_room(line, MAX_SERVERS);
	if (err)
		return err;

	err = list_servers(line, two, warn);
	if (err)
		return err;

	expand_servers(line);

	if (line->serverc > 1 && (two || expand_has_list(line)))
		return line_make_room(line, line->serverc);

	line->pending = expand_is_waiting(line);
	if (line->pending)
		return refuse(line, "its servers are being looked up");

	line->serverc = config_account_outbound(line, PRIMARY, &pl) ?
		PRIMARY + 1 : PRIMARY;

	return refuse(line, "it needs two servers, outbound= and outbound2=");
}


/* Baresip does not report this */
static void warn_if_cut(const struct line *line)
{
	const size_t max = COMPAT_ACCOUNT_SIZE - 1;

	if (line_text(line).l == max)
		warning("failover: %s: the account line is cut off: Baresip"
			" reads %zu characters of it\n", line_name(line),
			max);
}


/**
 * Decode a yes or no. These are Baresip's words: version 1.x has them in its
 * config file only, later versions in account lines too.
 *
 * @param on  Returns true for yes
 * @param val Text
 *
 * @return True if it is one of the words
 */
bool config_account_decode_switch(bool *on, const struct pl *val)
{
	static const char *const wordv[] = {
		"no", "yes", "false", "true", "0", "1", "off", "on",
		"disable", "enable",
	};

	for (size_t i = 0; i < RE_ARRAY_SIZE(wordv); i++) {
		*on = i % 2;
		if (!pl_strcasecmp(val, wordv[i]))
			return true;
	}

	return false;
}


static bool is_off(const struct line *line, const struct pl *val)
{
	bool on;

	if (config_account_decode_switch(&on, val))
		return !on;

	if (pl_isset(val))
		warning("failover: %s: failover '%r' is not yes or no, using"
			" yes\n", line_name(line), val);

	return false;
}


static int read_account(struct line *line, bool warn)
{
	const struct account *acc = line->acc;
	struct pl pl;

	if (config_param_now(line, "failover", &pl) && is_off(line, &pl))
		return refuse(line, "failover=no");

	if (warn) {
		warn_if_cut(line);
		keys_check_account(line_name(line),
				   &account_laddr(acc)->params);
	}

	if (config_param(line, "sipnat", &pl) &&
	    !pl_strcasecmp(&pl, "outbound"))
		return refuse(line, "sipnat=outbound registers with both"
			      " servers already");

	if (!account_regint(acc))
		return refuse(line, "regint=0, it does not register");

	config_read(line, warn);

	return read_servers(line, warn);
}


/**
 * The servers of an account as the user wrote them: one entry for a name, not
 * the servers that it stands for
 *
 * @param line Line
 * @param v    Returns the servers
 * @param max  Room in `v`
 *
 * @return Number of servers; 0 if the account names none
 */
unsigned config_account_listed(const struct line *line,
			       struct config_server *v, unsigned max)
{
	struct pl list = PL_INIT;
	unsigned n = 0;

	if (n < max && config_account_outbound(line, PRIMARY, &v[n].uri))
		++n;
	if (n < max && config_account_outbound(line, PRIMARY + 1, &v[n].uri))
		++n;

	(void)config_param_now(line, "failover_servers", &list);

	for (; n < max && list.l; n++)
		config_account_next_server(&v[n].uri, &list);

	for (unsigned i = 0; i < n; i++)
		v[i].regint = read_regint(line, i + 1, false);

	return n;
}


/**
 * Read the servers and settings of an account
 *
 * @param line Line
 *
 * @return 0 if it is managed; EINVAL if it is left alone, with the reason in
 *         line->unmanaged; otherwise errorcode
 */
int config_account(struct line *line)
{
	changes_forget_saved(line_aor(line));

	return read_account(line, true);
}


/**
 * Read the servers and settings of an account, with the changes
 *
 * @param line Line
 *
 * @return As config_account()
 */
int config_account_changed(struct line *line)
{
	return read_account(line, false);
}
