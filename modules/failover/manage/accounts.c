/**
 * @file accounts.c  Adds and removes accounts
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "accounts.h"
#include "alarm.h"
#include "ask.h"
#include "binding.h"
#include "bye.h"
#include "chance.h"
#include "clock.h"
#include "config.h"
#include "config_account.h"
#include "decide.h"
#include "dial.h"
#include "dialog.h"
#include "expand.h"
#include "line.h"
#include "line_find.h"
#include "lookup.h"
#include "offer.h"
#include "policy.h"
#include "stranded.h"
#include "subscription.h"
#include "txn.h"
#include "watch.h"
#include "within.h"


static void destructor(void *arg)
{
	struct line *line = arg;

	line_remove(line);
	timer_cancel(&line->tmr_todo);
	alarm_cancel(&line->alarm);
	timer_cancel(&line->tmr_again);
	timer_cancel(&line->tmr_follow);
	ask_forget(line);
	txn_forget(line);
	dial_forget(line);
	bye_forget(line);
	within_forget(line);
	offer_forget(line);
	stranded_forget(line);
	dialog_forget(line);
	lookup_forget(line);
	watch_forget(line);
	subscription_forget(line);
	expand_release(line);
	mem_deref(line->stale_contact);
	mem_deref(line->contact_sent);
	mem_deref(line->contact_params);
	mem_deref(line->unmanaged);
	list_flush(&line->contactl);
	list_flush(&line->historyl);
	mem_deref(line->acc);

	for (unsigned i = 0; i < CHECKS; i++)
		mem_deref(line->checkv[i].req);

	for (unsigned i = 0; i < MAX_SERVERS; i++)
		mem_deref(line->probev[i]);

	line_drop_servers(line);
}


/**
 * Reset what is known of an account's servers
 *
 * @param line Line, with its servers and settings
 */
void accounts_begin(struct line *line)
{
	policy_init(&line->policy, &line->set, line->serverc, clock_ms());

	for (unsigned i = PRIMARY; i <= line->serverc; i++)
		state_place(&line->policy, i, &line_server(line, i)->place);
}


/**
 * Tell the user why an account is not managed, unless the user has turned it
 * off, or DNS may still change it
 *
 * @param line Line, not managed
 */
void accounts_tell_unmanaged(const struct line *line)
{
	if (strcmp(line->unmanaged, "failover=no") && !line->pending)
		warning("failover: %s is not managed: %s\n",
			line_name(line), line->unmanaged);
}


static int add(struct line **linep, struct ua *ua,
	       int (*readh)(struct line *line))
{
	struct line *line;
	int err;

	line = mem_zalloc(sizeof(*line), destructor);
	if (!line)
		return ENOMEM;

	line->presence_server = PRIMARY;
	line->ua  = ua;
	line->acc = mem_ref(ua_account(ua));
	line->rwait = config_rwait(line);
	line_add(line);

	err = readh(line);
	if (!err) {
		accounts_begin(line);
	}
	else if (line->unmanaged) {
		line->serverc = 0;
		accounts_tell_unmanaged(line);
	}
	else {
		mem_deref(line);
		return err;
	}

	*linep = line;

	return 0;
}


/**
 * Manage an account, or store the reason why not
 *
 * @param linep Pointer to the line, owned by the list of lines
 * @param ua    User agent of the account
 *
 * @return 0 if success, otherwise errorcode
 */
int accounts_add(struct line **linep, struct ua *ua)
{
	return add(linep, ua, config_account);
}


static void take_history(struct line *to, struct line *from)
{
	struct le *le;

	while ((le = list_head(&from->historyl))) {
		void *entry = le->data;

		list_unlink(le);
		list_append(&to->historyl, le, entry);
	}
}


/**
 * Manage an account no longer. Its place among the accounts and its history
 * stay.
 *
 * @param line Line, is freed
 */
void accounts_let_go(struct line *line)
{
	const bool unregistered = line->policy.state == POLICY_IDLE;
	struct le *next = line->le.next;
	struct line *now = NULL;

	if (!add(&now, line->ua, config_account_changed)) {

		now->unregistered = unregistered;
		take_history(now, line);
	}

	if (now && next) {
		list_unlink(&now->le);
		list_insert_before(line_list(), next, &now->le, now);
	}

	mem_deref(line);
}


/**
 * Is its user agent deleted, or about to be?
 *
 * @param line Line
 *
 * @return True if it is
 */
bool accounts_is_gone(const struct line *line)
{
	struct le *le;

	for (le = list_head(uag_list()); le; le = le->next) {
		if (le->data == line->ua)
			return ua_account(line->ua) != line->acc;
	}

	return true;
}


/**
 * The settings of an account may have changed: apply them. Its registration
 * and calls go on.
 *
 * @param line Line, managed
 */
void accounts_reconfigure(struct line *line)
{
	const struct settings was = line->set;

	config_apply(line);
	policy_reconfigured(&line->policy, &was, clock_ms(), chance_u32());
	decide_start_timer(line);
}


/**
 * Read the config file again if Baresip has done so, and apply it
 *
 * @return True if it was read
 */
bool accounts_reread(void)
{
	struct le *le;

	if (!config_reread())
		return false;

	info("failover: the config file was read again\n");

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged)
			accounts_reconfigure(line);
	}

	return true;
}


/* The server that its requests go to, 0: none of them. It may not be the
   first, if this module was loaded before and moved the account. */
static unsigned outbound_server(const struct line *line)
{
	const char *uri = account_outbound(line->acc, 0);

	for (unsigned i = PRIMARY; uri && i <= line->serverc; i++) {
		if (!strcmp(uri, line_server(line, i)->uri))
			return i;
	}

	return 0;
}


/* Baresip registers it only while another account is not registered */
static bool is_fallback(const struct line *line)
{
	struct pl prio;

	return config_param(line, "prio", &prio) && pl_u32(&prio);
}


/**
 * Take over an account that Baresip has registered, or is registering. Its
 * pending requests were not seen. After a new REGISTER the account is known.
 *
 * @param line Line
 */
void accounts_take_over(struct line *line)
{
	const bool registered = ua_isregistered(line->ua);
	const unsigned server = outbound_server(line);
	struct decision d = {0};

	if (line->unmanaged || (is_fallback(line) && !registered))
		return;

	policy_found(&line->policy, server ? server : PRIMARY,
		     server && registered, clock_ms(), &d);
	decide_take(line, &d);
}


/* Whose user agent is still there, and has the same account? */
static void mark_present(void)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next)
		((struct line *)le->data)->present = false;

	for (le = list_head(uag_list()); le; le = le->next) {

		struct line *line = line_find(le->data);

		if (line)
			line->present = true;
	}
}


static void remove_gone(void)
{
	struct le *le = list_head(line_list());

	mark_present();

	while (le) {

		struct line *line = le->data;

		le = le->next;

		if (!line->present)
			mem_deref(line);
	}
}


/**
 * Find accounts that no event has announced, and remove those that ended
 * without an event. They were there before this module, or do not register.
 */
void accounts_scan(void)
{
	struct line *line;
	struct le *le;

	(void)accounts_reread();
	remove_gone();

	for (le = list_head(uag_list()); le; le = le->next) {
		if (line_find(le->data))
			continue;

		if (!accounts_add(&line, le->data))
			accounts_take_over(line);
	}
}


/* An old Contact was listed before the one in use, and libre has taken its
   expiry. It has been removed by now. Over a connection, the de-registration
   that libre begins with arrives before the REGISTER. */
static void hand_over(struct line *line)
{
	const struct server *srv;

	if (line->unmanaged || !binding_is_ours(&line->policy))
		return;

	srv = line_server(line, line->policy.target);
	if (server_transp(srv) != SIP_TRANSP_UDP)
		(void)ua_register(line->ua);
}


/** Release all accounts, which go on as they are */
void accounts_close(void)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next)
		hand_over(le->data);

	list_flush(line_list());
}
