/**
 * @file subscription.c  Subscriptions follow the account
 *
 * libre refreshes a subscription within its dialog, and so by way of the
 * server that it was made with, dead or alive. When the account leaves that
 * server, libre is told in the server's name that the subscription has ended:
 * a NOTIFY with Subscription-State "terminated" and reason "deactivated",
 * which means that one may subscribe again at once (RFC 6665 section 4.1.3).
 * This is done before the account registers: Baresip's module mwi subscribes
 * when it has, if it has no subscription then. So the account waits until
 * libre has heard.
 *
 * One that nobody has answered has no dialog yet, and a NOTIFY would make one:
 * libre passes over an answer with another tag, and never lets the
 * subscription go. So the SUBSCRIBE itself is answered.
 *
 * Contacts whose presence is shown are another matter: presence.c.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "inject.h"
#include "line.h"
#include "presence.h"
#include "renumber.h"
#include "schedule.h"
#include "subscription.h"
#include "timer.h"
#include "txn.h"


enum {
	MAX_SUBSCRIPTIONS = 256,     /**< More are left alone                */
	LAST_CSEQ = 0x7fffffff,      /**< RFC 3261 section 8.1.1.5           */
	HEAR_MS = 200,               /**< libre reads its sockets far sooner */
	AGAIN_MS = 20,               /**< The socket may have been full      */
	FORGET_MS = TRANSACTION_MS + 1000,/**< libre gives up before         */
};

/** A subscription of Baresip's, outside of a call */
struct subscription {
	struct le le;
	const struct line *line;
	unsigned server;             /**< Made with, 0: out of its reach     */
	char *callid;
	char *event;                 /**< Value of the header                */
	char *aor;                   /**< Subscribed to                      */
	char *ltag;
	char *rtag;                  /**< NULL: nobody has answered          */
	struct sip_msg *pending;     /**< SUBSCRIBE that waits for the first
					  answer                             */
	bool ended;                  /**< By us, which libre may not have
					  heard                              */
	uint64_t ended_at;           /**< For the first time [ms]            */
	uint64_t told_at;            /**< For the last time [ms]             */
	struct timer tmr;
};

static struct list subl;


static void destructor(void *arg)
{
	struct subscription *sub = arg;

	list_unlink(&sub->le);
	timer_cancel(&sub->tmr);
	mem_deref(sub->callid);
	mem_deref(sub->event);
	mem_deref(sub->aor);
	mem_deref(sub->ltag);
	mem_deref(sub->rtag);
	mem_deref(sub->pending);
}


static struct subscription *find(const struct pl *callid)
{
	struct le *le;

	for (le = list_head(&subl); le; le = le->next) {

		struct subscription *sub = le->data;

		if (!pl_strcmp(callid, sub->callid))
			return sub;
	}

	return NULL;
}


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


static void wait_for(struct subscription *sub, struct sip_msg *msg)
{
	mem_deref(sub->pending);
	sub->pending = mem_ref(msg);
	timer_start(&sub->tmr, FORGET_MS, forget_handler, sub);
}


static int copy(struct subscription *sub, const struct sip_msg *msg,
		const struct sip_hdr *event)
{
	int err;

	err  = pl_strdup(&sub->callid, &msg->callid);
	err |= pl_strdup(&sub->event, &event->val);
	err |= pl_strdup(&sub->aor, &msg->to.auri);
	err |= pl_strdup(&sub->ltag, &msg->from.tag);

	return err;
}


static int notify_write(struct mbuf *mb, const struct sa *addr,
			const void *arg)
{
	const struct subscription *sub = arg;

	return mbuf_printf(mb, "NOTIFY sip:failover@%J SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP %J;branch=z9hG4bK%016llx;rport\r\n"
			   "From: <%s>;tag=%s\r\n"
			   "To: <%s>;tag=%s\r\n"
			   "Call-ID: %s\r\n"
			   "CSeq: %u NOTIFY\r\n"
			   "Contact: <sip:failover@%J>\r\n"
			   "Max-Forwards: 1\r\n"
			   "Event: %s\r\n"
			   "Subscription-State: terminated"
			   ";reason=deactivated\r\n"
			   "Content-Length: 0\r\n\r\n",
			   addr, addr, rand_u64(), sub->aor,
			   sub->rtag,
			   line_aor(sub->line), sub->ltag, sub->callid,
			   LAST_CSEQ, addr, sub->event);
}


/* In the server's name, but it tells nothing of the server */
static int answer(const struct sip_msg *msg)
{
	txn_end(txn_find(&msg->via.branch, &msg->cseq.met));

	return inject_response(msg, 408, "Request Timeout");
}


static int end(struct subscription *sub)
{
	const uint64_t now = clock_ms();
	int err = 0;

	if (sub->rtag)
		err = inject_message(notify_write, sub);
	else if (sub->pending)
		err = answer(sub->pending);

	if (err)
		info("failover: %s: cannot move the subscription to %s of"
		     " %s\n", line_name(sub->line), sub->event, sub->aor);

	/* An answer may lie in the socket, and makes the dialog first.  Or
	   Baresip is about to open its sockets anew, or the socket is full,
	   and the NOTIFY is lost: it is sent again when it registers. */
	if (!sub->ended)
		sub->ended_at = now;
	sub->ended   = true;
	sub->told_at = now;
	timer_start(&sub->tmr, TRANSACTION_MS, forget_handler, sub);

	return err;
}


/**
 * A SUBSCRIBE of Baresip's is on the wire
 *
 * @param line   Line
 * @param server Server that it goes to
 * @param msg    Request, kept until it has been answered
 */
void subscription_sent(struct line *line, unsigned server,
		       struct sip_msg *msg)
{
	const struct sip_hdr *event = sip_msg_hdr(msg, SIP_HDR_EVENT);
	struct subscription *sub = find(&msg->callid);

	if (pl_isset(&msg->expires) && !pl_u32(&msg->expires)) {
		mem_deref(sub);
		return;
	}

	/* within a dialog: a refresh, or it belongs to a call */
	if (!event || pl_isset(&msg->to.tag))
		return;

	if (sub) {                   /* with credentials this time           */
		wait_for(sub, msg);
		if (sub->ended)
			(void)end(sub);
		return;
	}

	if (list_count(&subl) >= MAX_SUBSCRIPTIONS)
		return;

	sub = mem_zalloc(sizeof(*sub), destructor);
	if (!sub)
		return;

	list_append(&subl, &sub->le, sub);
	sub->line   = line;
	sub->server = server;

	if (copy(sub, msg, event) || presence_is_shown(sub->aor, sub->event))
		mem_deref(sub);
	else
		wait_for(sub, msg);
}


static void learn_tag(struct subscription *sub, const struct pl *tag)
{
	if (!sub->rtag && pl_isset(tag))
		(void)pl_strdup(&sub->rtag, tag);

	if (!sub->ended)
		timer_cancel(&sub->tmr);
	else if (sub->rtag)
		(void)end(sub);
}


/**
 * A SUBSCRIBE has been answered
 *
 * @param msg Response
 */
void subscription_answered(const struct sip_msg *msg)
{
	struct subscription *sub = find(&msg->callid);

	if (!sub || msg->scode < 200)
		return;

	sub->pending = mem_deref(sub->pending);
	if (msg->scode < 300)
		learn_tag(sub, &msg->to.tag);
	else if (msg->scode == 481 || (!sub->rtag && !sub->ended))
		mem_deref(sub);      /* with credentials it is another one   */
}


/* A subscription is known by Call-ID and both tags, as any dialog is: a
   stranger's NOTIFY must not end it for us, since it does not for libre */
static bool is_of(const struct subscription *sub, const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->to.tag, sub->ltag) &&
		(!sub->rtag || !pl_strcmp(&msg->from.tag, sub->rtag));
}


/**
 * A NOTIFY has been received
 *
 * @param msg Request
 */
void subscription_notified(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg,
						SIP_HDR_SUBSCRIPTION_STATE);
	struct subscription *sub = find(&msg->callid);
	struct sipevent_substate state;

	if (!sub || !is_of(sub, msg) || !hdr ||
	    sipevent_substate_decode(&state, &hdr->val))
		return;

	if (state.state == SIPEVENT_TERMINATED)
		mem_deref(sub);
	else
		learn_tag(sub, &msg->from.tag);
}


/* True if libre may still hear of its end */
static bool leave(struct subscription *sub)
{
	const uint64_t now = clock_ms();

	if ((!sub->ended || now - sub->told_at >= AGAIN_MS) && end(sub))
		return false;

	return (sub->rtag || sub->pending) && now - sub->ended_at < HEAR_MS;
}


/**
 * The account is about to register with a server: end the subscriptions that
 * were made with others
 *
 * @param line   Line
 * @param server Server
 *
 * @return True if libre has yet to hear of one, when it next looks at its
 *         sockets
 */
bool subscription_leave(const struct line *line, unsigned server)
{
	struct le *le = list_head(&subl);
	bool wait = false;

	while (le) {

		struct subscription *sub = le->data;

		le = le->next;

		if (sub->line == line && sub->server != server)
			wait |= leave(sub);
	}

	return wait;
}


/**
 * The connection to a server has ended. Where Contacts name the connection,
 * no NOTIFY comes any more.
 *
 * @param line   Line
 * @param server Server
 *
 * @return True if there was any. It is made anew when the account registers
 */
bool subscription_lost(const struct line *line, unsigned server)
{
	bool any = false;
	struct le *le;

	for (le = list_head(&subl); le; le = le->next) {

		struct subscription *sub = le->data;

		if (sub->line != line || sub->server != server)
			continue;

		sub->server = 0;
		any = true;
	}

	return any;
}


/**
 * Forget the subscriptions of an account; they go on as they are
 *
 * @param line Line
 */
void subscription_forget(const struct line *line)
{
	struct le *le = list_head(&subl);

	while (le) {

		struct subscription *sub = le->data;

		le = le->next;

		if (sub->line == line)
			mem_deref(sub);
	}
}


/**
 * The servers of a line have changed
 *
 * @param line Line
 * @param rn   Change
 */
void subscription_renumber(const struct line *line,
			   const struct renumber *rn)
{
	struct le *le;

	for (le = list_head(&subl); le; le = le->next) {

		struct subscription *sub = le->data;

		if (sub->line == line)
			sub->server = renumber_to(rn, sub->server);
	}
}
