/**
 * @file presence.c  Presence follows the account
 *
 * Baresip's module presence subscribes to the contacts that have
 * ;presence=p2p, by way of the server that its first account uses at that
 * moment, and refreshes there for ever. Told that a subscription has ended it
 * waits for 5 s at least. But it subscribes to a contact within a second of
 * its being added. So when the first account has moved, each such contact is
 * added anew, in its place and with the presence that was shown.
 *
 * It publishes the account's presence when it is registered and its presence
 * is not known.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "line.h"
#include "presence.h"


static bool is_watched(const struct contact *c)
{
	struct pl val;

	return !msg_param_decode(&contact_addr(c)->params, "presence",
				 &val) && !pl_strcasecmp(&val, "p2p");
}


/* The module has one of these commands, whatever the version */
static const struct cmd *find_command(const char *name)
{
	return cmd_find_long(baresip_commands(), name);
}


static bool is_loaded(void)
{
	return find_command("presence") || find_command("presence_online");
}


/**
 * Is this a subscription to a contact whose presence is shown?
 *
 * @param uri   URI subscribed to
 * @param event Event
 *
 * @return True if it is
 */
bool presence_is_shown(const char *uri, const char *event)
{
	const struct contact *c;

	if (strcmp(event, "presence"))
		return false;

	c = contact_find(baresip_contacts(), uri);

	return c && is_watched(c);
}


/* Newer versions of contact_add() remove the one that has the same URI */
static void add_anew(struct contacts *contacts, struct contact *old)
{
	const bool current = contacts_current(contacts) == old;
	struct contact *c;
	struct pl addr;

	mem_ref(old);
	pl_set_str(&addr, contact_str(old));

	if (!contact_add(contacts, &c, &addr)) {

		contact_set_presence(c, contact_presence(old));
		if (contact_le(old)->list)
			contact_remove(contacts, old);
		if (current)
			contacts_set_current(contacts, c);
	}

	mem_deref(old);
}


/* Each goes to the end, one by one: the order stays */
static void subscribe_anew(void)
{
	struct contacts *contacts = baresip_contacts();
	struct list *list = contact_list(contacts);

	for (uint32_t n = list_count(list); n > 0; n--) {

		struct contact *c = list_ledata(list_head(list));

		if (is_watched(c)) {
			add_anew(contacts, c);
		}
		else {
			list_unlink(contact_le(c));
			list_append(list, contact_le(c), c);
		}
	}
}


/* For all accounts: it was said so for all of them. Before 1.1 there is a
   command for the current one alone. */
static void publish_closed(struct ua *ua)
{
	const struct cmd *cmd = find_command("presence");
	char offline[] = "offline";
	struct cmd_arg arg = { .prm = offline };

	if (!cmd && list_count(uag_list()) == 1)
		cmd = find_command("presence_offline");
	if (!cmd)
		return;

	/* said again only if it differs */
	ua_presence_status_set(ua, PRESENCE_UNKNOWN);
	(void)cmd->h(NULL, &arg);
}


static void follow_handler(void *arg)
{
	struct line *line = arg;

	/* nobody wanted to publish it */
	if (line->presence == PRESENCE_OPEN &&
	    ua_presence_status(line->ua) == PRESENCE_UNKNOWN)
		ua_presence_status_set(line->ua, PRESENCE_OPEN);

	if (!is_loaded())
		return;

	if (line->presence == PRESENCE_CLOSED)
		publish_closed(line->ua);

	if (line->ua == uag_find_aor(NULL))
		subscribe_anew();
}


/**
 * The connection to the server has ended: presence begins anew when the
 * account is registered again
 *
 * @param line Line
 */
void presence_lost(struct line *line)
{
	line->presence_server = 0;
}


/**
 * A server has registered the account; Baresip is about to hear of it
 *
 * @param line   Line
 * @param server Server
 */
void presence_registered(struct line *line, unsigned server)
{
	if (line->presence_server == server)
		return;

	line->presence_server  = server;
	line->presence = PRESENCE_UNKNOWN;

	if (account_pubint(line->acc))
		line->presence = ua_presence_status(line->ua);

	/* the module publishes when it hears that the account is registered */
	if (line->presence == PRESENCE_OPEN)
		ua_presence_status_set(line->ua, PRESENCE_UNKNOWN);

	timer_start(&line->tmr_follow, 0, follow_handler, line);
}
