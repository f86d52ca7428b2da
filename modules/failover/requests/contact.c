/**
 * @file contact.c  What an account is bound to
 *
 * A Contact names its transport and, over TCP and TLS with newer versions of
 * libre, the connection's own port: another server, another Contact. The one
 * that is left behind is removed by libre through the server that it was made
 * with; where that is dead it stays, and servers that share their location
 * table fork a call to it as well. A registrar lists all bindings of the
 * account (RFC 3261 section 10.3, step 8), so there they are seen, and are
 * removed through the server in use.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "contact.h"
#include "glance.h"
#include "line.h"
#include "plain.h"
#include "request.h"
#include "txn.h"


enum {
	MAX_CONTACTS = 16,           /**< The oldest is forgotten            */
};

/** A Contact that we have registered */
struct contact {
	struct le le;
	char *uri;
};

/** The Contacts of an answer */
struct search {
	struct line *line;
	const struct contact *own;   /**< The one in use                     */
	struct contact *stale;       /**< One that was left behind           */
};


static void destructor(void *arg)
{
	struct contact *contact = arg;

	list_unlink(&contact->le);
	mem_deref(contact->uri);
}


static struct contact *find(const struct line *line, const struct pl *uri)
{
	struct le *le;

	for (le = list_head(&line->contactl); le; le = le->next) {

		struct contact *contact = le->data;

		if (plain_is(uri, contact->uri))
			return contact;
	}

	return NULL;
}


/* The one in use is the first of the list, the others follow by age */
static void remember(struct line *line, const struct pl *uri, bool in_use)
{
	struct contact *contact = find(line, uri);
	struct le *first;

	/* the one in use stays where it is */
	if (contact && contact == list_ledata(list_head(&line->contactl)))
		return;

	if (!contact) {
		contact = mem_zalloc(sizeof(*contact), destructor);
		if (!contact)
			return;

		if (pl_strdup(&contact->uri, uri)) {
			mem_deref(contact);
			return;
		}
	}

	list_unlink(&contact->le);
	first = list_head(&line->contactl);

	if (in_use || !first)
		list_prepend(&line->contactl, &contact->le, contact);
	else
		list_insert_after(&line->contactl, first, &contact->le,
				  contact);

	if (list_count(&line->contactl) > MAX_CONTACTS)
		mem_deref(list_ledata(list_tail(&line->contactl)));
}


/**
 * The Contact that the account is registered with, or is about to be
 *
 * @param line Line
 *
 * @return URI, NULL if there is none yet; valid until the next REGISTER
 */
const char *contact_in_use(const struct line *line)
{
	const struct contact *contact =
		list_ledata(list_head(&line->contactl));

	return contact ? contact->uri : NULL;
}


/**
 * Is this the Contact of Baresip's latest REGISTER, to the letter? It sends the
 * same again and again, so there is nothing new to be read in it.
 *
 * @param line    Line
 * @param contact Value of the header
 *
 * @return True if it is
 */
bool contact_is_known(const struct line *line, const struct pl *contact)
{
	return line->contact_sent && plain_is(contact, line->contact_sent);
}


/**
 * A REGISTER is on the wire
 *
 * @param line   Line
 * @param g      Request
 * @param in_use True for Baresip's own: this is the account's Contact now
 */
void contact_sent(struct line *line, const struct glance *g, bool in_use)
{
	struct sip_addr addr;
	struct pl rest = PL_INIT, expires = PL_INIT;

	if (!pl_isset(&g->contact) ||
	    (in_use && contact_is_known(line, &g->contact)))
		return;

	if (in_use) {
		line->contact_sent = mem_deref(line->contact_sent);
		(void)pl_strdup(&line->contact_sent, &g->contact);
	}

	if (sip_addr_decode(&addr, &g->contact))
		return;

	/* a removal */
	if (!msg_param_decode(&addr.params, "expires", &expires) &&
	    !pl_u32(&expires))
		return;

	remember(line, &addr.auri, in_use);
	if (in_use)
		line->asked_s = pl_u32(&expires);

	/* ;expires=N is what libre writes first: keep what follows it */
	if (!in_use || re_regex(addr.params.p, addr.params.l,
				";expires=[0-9]+[^]*", NULL, &rest))
		return;

	line->contact_params = mem_deref(line->contact_params);
	(void)pl_strdup(&line->contact_params, &rest);
}


/* <URI>, as libre has sent it, and what follows */
static bool is_uri(const struct pl *contact, const char *uri)
{
	const size_t len = strlen(uri);

	return contact->l > len + 1 && contact->p[0] == '<' &&
		!memcmp(contact->p + 1, uri, len) &&
		contact->p[len + 1] == '>';
}


static bool search_handler(const struct sip_hdr *hdr,
			   const struct sip_msg *msg, void *arg)
{
	struct search *search = arg;
	struct contact *contact;
	struct sip_addr addr;
	(void)msg;

	if ((search->own && is_uri(&hdr->val, search->own->uri)) ||
	    sip_addr_decode(&addr, &hdr->val) ||
	    pl_strcmp(&addr.uri.user, ua_local_cuser(search->line->ua)))
		return false;

	contact = find(search->line, &addr.auri);
	if (contact && contact != search->own)
		search->stale = contact;

	return false;
}


static void search(struct search *search, struct line *line,
		   const struct sip_msg *msg)
{
	search->line = line;
	search->own  = list_ledata(list_head(&line->contactl));

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, search_handler,
				search);
}


/**
 * A server has answered a REGISTER and listed the account's bindings. Any
 * server may: what is left behind is removed through the one in use.
 *
 * @param line Line
 * @param msg  Answer, 2xx
 */
void contact_listed(struct line *line, const struct sip_msg *msg)
{
	struct search found = {0};

	line->stale_contact = mem_deref(line->stale_contact);

	/* it never had another one */
	if (list_head(&line->contactl) == list_tail(&line->contactl))
		return;

	search(&found, line, msg);

	if (found.stale)
		line->stale_contact = mem_ref(found.stale->uri);
}


/**
 * Remove a binding that was left behind, unless libre is still at it, or the
 * account is about to move to where it may be wanted again
 *
 * @param line Line
 */
void contact_clean_up(struct line *line)
{
	struct contact *contact;
	struct pl uri;

	if (!line->stale_contact || line->checkv[CHECK_PROBE].req ||
	    line->policy.state != POLICY_SETTLED ||
	    txn_is_deregistering(line))
		return;

	/* it is asked for once */
	pl_set_str(&uri, line->stale_contact);
	contact = find(line, &uri);
	if (contact && contact->le.prev)
		mem_deref(contact);

	(void)request_deregister(NULL, line, line->policy.target,
				 line->stale_contact, NULL, NULL);
	line->stale_contact = mem_deref(line->stale_contact);
}
