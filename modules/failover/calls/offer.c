/**
 * @file offer.c  An offer within a call that is not sent
 *
 * If the connection to a call's server has ended and the server accepts no new
 * one, libre cannot send a re-INVITE, and reports that to nobody: the user
 * presses "hold" and nothing happens. Baresip's event comes before the
 * request. If no request follows, it was not sent. It may come later if its
 * connection is being opened.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "connection.h"
#include "decide.h"
#include "dialog.h"
#include "dialog_call.h"
#include "line.h"
#include "offer.h"
#include "pending.h"
#include "report.h"
#include "schedule.h"
#include "timer.h"


/** An offer that is to be seen on the wire */
struct offer {
	struct le le;
	struct timer tmr;
	struct line *line;
	const struct call *call;     /**< May have been freed                */
	char *callid;
	uint64_t since;              /**< When it was made [ms]              */
};

static struct list offerl;


static void destructor(void *arg)
{
	struct offer *offer = arg;

	list_unlink(&offer->le);
	timer_cancel(&offer->tmr);
	mem_deref(offer->callid);
}


/* A server has its time for that as well */
static bool may_follow(const struct offer *offer, unsigned server)
{
	const struct server *srv = line_server(offer->line, server);

	return clock_ms() - offer->since <
		schedule_giveup_ms(&offer->line->set, false) &&
		(pending_is_there(&srv->addr) ||
		 connection_in_handshake(&srv->addr, server_transp(srv)));
}


/* Another request to the same server tells why, if that is the one in use */
static void unsent_handler(void *arg)
{
	struct offer *offer = arg;
	const struct dialog *dlg = dialog_call_find(offer->callid,
						    offer->call);

	if (dlg && dlg->server && may_follow(offer, dlg->server)) {
		timer_start(&offer->tmr, T1_MS, unsent_handler, offer);
		return;
	}

	if (dlg && dlg->server) {
		report_request_unsent(offer->line, dlg->server, "INVITE",
				      offer->callid);
		decide_probe(offer->line, dlg->server);
	}

	mem_deref(offer);
}


/**
 * Baresip has an offer for a call that is up: hold, resume, another codec
 *
 * @param line Line
 * @param call Call
 */
void offer_made(struct line *line, const struct call *call)
{
	struct offer *offer;

	if (!call_id(call) || !dialog_call_find(call_id(call), call))
		return;

	offer = mem_zalloc(sizeof(*offer), destructor);
	if (!offer)
		return;

	list_append(&offerl, &offer->le, offer);
	offer->line = line;
	offer->call = call;
	offer->since = clock_ms();

	if (str_dup(&offer->callid, call_id(call)))
		mem_deref(offer);
	else
		timer_start(&offer->tmr, T1_MS, unsent_handler, offer);
}


/**
 * A re-INVITE is on the wire
 *
 * @param callid Call-ID of an INVITE within a dialog
 */
void offer_sent(const struct pl *callid)
{
	struct le *le = list_head(&offerl);

	while (le) {

		struct offer *offer = le->data;

		le = le->next;

		if (!pl_strcmp(callid, offer->callid))
			mem_deref(offer);
	}
}


/**
 * Let go of the offers of a line
 *
 * @param line Line, about to be freed
 */
void offer_forget(const struct line *line)
{
	struct le *le = list_head(&offerl);

	while (le) {

		struct offer *offer = le->data;

		le = le->next;

		if (offer->line == line)
			mem_deref(offer);
	}
}
