/**
 * @file line_find.c  Whose message is this?
 *
 * Lines by their user agents, and by what messages have of them. No look-up
 * goes through all lines.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "glance.h"
#include "index.h"
#include "line.h"
#include "line_find.h"
#include "plain.h"


static struct index uas;
static struct index cusers;          /* By user part of the Contact          */
static struct index users;           /* By user part of the AOR              */
static struct index callids;         /* By Call-ID of Baresip's REGISTERs    */


/* The key of a user agent is its address in memory */
static void ua_key(struct pl *key, const struct ua **ua)
{
	key->p = (const char *)ua;
	key->l = sizeof(void *);
}


/**
 * Have a line found
 *
 * @param line Line, with its user agent and account
 */
void line_find_add(struct line *line)
{
	const struct ua *ua = line->ua;
	struct pl key;

	ua_key(&key, &ua);
	index_add_pl(&uas, &key, &line->le_ua, line);
	index_add(&cusers, ua_local_cuser(ua), &line->le_cuser, line);
	index_add_pl(&users, &account_laddr(line->acc)->uri.user,
		     &line->le_user, line);
}


/**
 * A line is found no more
 *
 * @param line Line
 */
void line_find_remove(struct line *line)
{
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
void line_find_set_callid(struct line *line, const struct pl *callid)
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
