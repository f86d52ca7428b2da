/**
 * @file line.c  Our accounts: which there are, and whose a request is
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "dialog.h"
#include "failover.h"
#include "transaction.h"


static struct list linel;


static void destructor(void *arg)
{
	struct line *line = arg;

	list_unlink(&line->le);
	tmr_cancel(&line->tmr_todo);
	tmr_cancel(&line->tmr_policy);
	tmr_cancel(&line->tmr_again);
	txn_forget(line);
	dial_forget(line);
	bye_forget(line);
	dialog_forget(line);
	lookup_forget(line);
	mem_deref(line->probe);
	mem_deref(line->keepalive);
	mem_deref(line->renewal);
	mem_deref(line->standby);
	mem_deref(line->left);
	mem_deref(line->contact_params);
	mem_deref(line->unmanaged);
	list_flush(&line->contactl);
	mem_deref(line->acc);

	for (unsigned i = 0; i < MAX_SERVERS; i++) {
		mem_deref(line->pokev[i]);
		server_reset(&line->serverv[i]);
	}
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
	int err;

	line = mem_zalloc(sizeof(*line), destructor);
	if (!line)
		return ENOMEM;

	list_append(&linel, &line->le, line);
	tmr_init(&line->tmr_todo);
	tmr_init(&line->tmr_policy);
	tmr_init(&line->tmr_again);
	line->ua  = ua;
	line->acc = mem_ref(ua_account(ua));

	err = config_account(line);
	if (!err) {
		policy_init(&line->policy, &line->set, line->serverc,
			    clock_ms());
	}
	else if (line->unmanaged) {
		line->serverc = 0;

		if (strcmp(line->unmanaged, "failover=no"))
			warning("failover: %s is not managed: %s\n",
				line_name(line), line->unmanaged);
	}
	else {
		mem_deref(line);
		return err;
	}

	*linep = line;

	return 0;
}


/**
 * Is its user agent gone, or going?
 *
 * @param line Line
 *
 * @return True if it is
 */
bool line_is_orphan(const struct line *line)
{
	struct le *le;

	for (le = list_head(uag_list()); le; le = le->next) {
		if (le->data == line->ua)
			return ua_account(line->ua) != line->acc;
	}

	return true;
}


/** Find accounts that no event has announced, and drop those that ended so */
void line_scan(void)
{
	struct line *line;
	struct le *le = list_head(&linel);

	while (le) {

		line = le->data;
		le = le->next;

		if (line_is_orphan(line))
			mem_deref(line);
	}

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

		if (line->ua == ua && line->acc == ua_account(ua))
			return line;
	}

	return NULL;
}


static bool is_aor(const struct line *line, const struct uri *aor)
{
	const struct uri *uri = &account_laddr(line->acc)->uri;

	return !pl_cmp(&uri->user, &aor->user) &&
		!pl_casecmp(&uri->host, &aor->host);
}


/* Older versions make the user part of a Contact unique to the user agent,
   newer ones do not: alice of two domains is told apart by the AOR */
static struct line *find_line(const struct pl *user, const struct uri *aor)
{
	struct line *found = NULL;
	struct le *le;

	for (le = list_head(&linel); le; le = le->next) {

		struct line *line = le->data;

		if (line->unmanaged ||
		    pl_strcmp(user, ua_local_cuser(line->ua)))
			continue;

		if (is_aor(line, aor))
			return line;

		if (!found)
			found = line;
	}

	return found;
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
	return find_line(&msg->uri.user, &msg->to.uri);
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
		line = find_line(&addr.uri.user, &msg->from.uri);

	for (le = list_head(&linel); le && !line; le = le->next) {

		struct line *each = le->data;

		if (!each->unmanaged && is_aor(each, &msg->from.uri))
			line = each;
	}

	return line;
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
