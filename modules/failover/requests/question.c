/**
 * @file question.c  Would a server take an account?
 *
 * A REGISTER without Contact, which asks for the bindings and changes none
 * (RFC 3261 section 10.2.3), with the account's credentials, to any server.
 * Nothing is concluded from what becomes of it: the sensors do not look at
 * it. libre may send it for 64*T1, so it is known for as long.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "line.h"
#include "plain.h"
#include "question.h"
#include "request.h"
#include "schedule.h"
#include "timer.h"


enum {
	MAX_TRIES = 3,               /**< Challenges answered, then enough   */
	LINGER_MS = 2 * TRANSACTION_MS,
};

struct question {
	struct le le;
	struct timer tmr;            /**< Its time is up                     */
	uint64_t ms;                 /**< Time for an answer [ms]            */
	uint64_t since;              /**< The latest request [ms]            */
	bool sent;
	unsigned tries;
	struct sip_dialog *dlg;
	struct sip_auth *auth;
	struct sip_request *req;
	question_h *h;               /**< NULL: nobody waits any more        */
	void *arg;
};

static struct list questionl;

static int send_request(struct question *q);


static void destructor(void *arg)
{
	struct question *q = arg;

	list_unlink(&q->le);
	timer_cancel(&q->tmr);
	mem_deref(q->req);
	mem_deref(q->auth);
	mem_deref(q->dlg);
}


static void linger_handler(void *arg)
{
	mem_deref(arg);
}


static void end(struct question *q, int err, const struct sip_msg *msg)
{
	const struct question_end e = {
		.err     = err,
		.msg     = err ? NULL : msg,
		.took_ms = clock_ms() - q->since,
		.sent    = q->sent,
	};
	question_h *h = q->h;

	timer_start(&q->tmr, LINGER_MS, linger_handler, q);
	q->h = NULL;

	if (h)
		h(&e, q->arg);
}


static void timeout_handler(void *arg)
{
	end(arg, ETIMEDOUT, NULL);
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct question *q = arg;

	if ((!err && msg->scode < 200) || !q->h)
		return;

	if (!err && (msg->scode == 401 || msg->scode == 407) &&
	    ++q->tries < MAX_TRIES && !sip_auth_authenticate(q->auth, msg) &&
	    !send_request(q))
		return;

	end(q, err, msg);
}


static SEND_HANDLER(send_handler)
{
	struct question *q = arg;

	SEND_HANDLER_UNUSED;
	(void)tp;
	(void)src;
	(void)mb;
	q->sent = true;

	return 0;
}


static int send_request(struct question *q)
{
	q->since = clock_ms();
	q->sent  = false;
	timer_start(&q->tmr, q->ms, timeout_handler, q);

	return sip_drequestf(&q->req, uag_sip(), true, "REGISTER", q->dlg, 0,
			     q->auth, send_handler, response_handler, q,
			     "Content-Length: 0\r\n\r\n");
}


/**
 * Ask a server. The question lives on by itself until libre has forgotten it.
 *
 * @param acc Account
 * @param uri URI of the server, as an outbound proxy
 * @param ms  Time for each answer, all that is needed for sending included
 *            [ms]
 * @param h   Called once, unless question_forget() is called before
 * @param arg Handler argument
 *
 * @return 0 if success, otherwise errorcode; the handler is not called then
 */
int question_send(struct account *acc, const char *uri, uint64_t ms,
		  question_h *h, void *arg)
{
	const char *routev[1] = { uri };
	char *registrar = NULL;
	struct question *q;
	int err;

	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;

	list_append(&questionl, &q->le, q);
	q->ms  = ms;
	q->h   = h;
	q->arg = arg;

	err = request_registrar(&registrar, acc);
	if (err)
		goto out;

	err = sip_dialog_alloc(&q->dlg, registrar, account_aor(acc), NULL,
			       account_aor(acc), routev, 1);
	if (err)
		goto out;

	err = sip_auth_alloc(&q->auth, line_auth_handler, acc, true);
	if (err)
		goto out;

	err = send_request(q);

 out:
	mem_deref(registrar);
	if (err)
		mem_deref(q);

	return err;
}


/**
 * Whoever has asked waits no more
 *
 * @param arg Handler argument
 */
void question_forget(const void *arg)
{
	struct le *le;

	for (le = list_head(&questionl); le; le = le->next) {

		struct question *q = le->data;

		if (q->arg == arg)
			q->h = NULL;
	}
}


/**
 * Is this a request of such a question?
 *
 * @param callid Call-ID
 *
 * @return True if it is
 */
bool question_is(const struct pl *callid)
{
	struct le *le;

	for (le = list_head(&questionl); le; le = le->next) {

		const struct question *q = le->data;

		if (plain_is(callid, sip_dialog_callid(q->dlg)))
			return true;
	}

	return false;
}


static bool has_text(const struct pl *pl, const char *text)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i + len <= pl->l; i++) {
		if (!memcmp(pl->p + i, text, len))
			return true;
	}

	return false;
}


/**
 * A packet could not be delivered. libre does not hear of that.
 *
 * @param quote Begin of the packet
 * @param err   Error
 */
void question_undelivered(const struct pl *quote, int err)
{
	struct le *le;

	for (le = list_head(&questionl); le; le = le->next) {

		struct question *q = le->data;

		if (q->h && has_text(quote, sip_dialog_callid(q->dlg))) {
			end(q, err, NULL);
			return;
		}
	}
}


/** Forget all questions */
void question_close(void)
{
	list_flush(&questionl);
}
