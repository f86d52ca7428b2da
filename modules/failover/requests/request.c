/**
 * @file request.c  A REGISTER or OPTIONS of our own
 *
 * An independent request: own Call-ID, the same Contact as Baresip's, digest
 * authentication (RFC 3261 section 22) with the account's credentials. It
 * retransmits until 64*T1 (section 17.1.2.2).
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "index.h"
#include "line.h"
#include "plain.h"
#include "request.h"
#include "schedule.h"
#include "timer.h"
#include "txn.h"
#include "unread.h"
#include "unwanted.h"


enum {
	MAX_TRIES = 4,               /**< Challenges answered, then enough   */
};

struct request {
	struct le he;                /**< By Call-ID                         */
	struct timer tmr;            /**< Its time is up                     */
	const char *met;
	unsigned server;             /**< That it is for                     */
	uint64_t ms;                 /**< Time for an answer [ms]            */
	uint64_t since;              /**< Asked for, the latest one [ms]     */
	uint64_t due;                /**< When its time is up [ms]           */
	uint64_t unread_since;       /**< ... but for unread answers [ms]    */
	uint64_t took_ms;            /**< Longest time until an answer [ms]  */
	bool sent;                   /**< The latest one, as far as we know  */
	uint32_t expires;            /**< REGISTER: asked for [s]            */
	char *cuser;                 /**< User part of the Contact           */
	char *contact;               /**< Contact, NULL: of the connection   */
	char *params;                /**< Parameters of the Contact, or NULL */
	unsigned tries;
	struct sip_dialog *dlg;
	struct sip_auth *auth;
	struct sip_request *req;
	request_h *h;
	void *arg;
};

static struct index by_callid;

static int send_request(struct request *req);


static void destructor(void *arg)
{
	struct request *req = arg;

	/* libre goes on with what is let go of */
	if (req->req)
		unwanted_add(sip_dialog_callid(req->dlg), req->met,
			     req->server);

	list_unlink(&req->he);
	timer_cancel(&req->tmr);
	mem_deref(req->req);
	mem_deref(req->auth);
	mem_deref(req->dlg);
	mem_deref(req->cuser);
	mem_deref(req->contact);
	mem_deref(req->params);
}


static void note_time(struct request *req)
{
	req->took_ms = MAX(req->took_ms, clock_ms() - req->since);
}


static void end(struct request *req, int err, const struct sip_msg *msg)
{
	if (req->h)
		req->h(err, msg, req->arg);
	else
		mem_deref(req);
}


static bool is_to_read(struct request *req)
{
	const struct txn *txn = txn_latest(sip_dialog_callid(req->dlg));

	return txn && unread_wait(&req->unread_since, txn->line, txn->server,
				  req->due);
}


static void await(struct request *req);


/* libre counts from the first transmission, anew for each address, and gives
   a name server longer than that. If the process stood still, the server gets
   its time again. */
static void timeout_handler(void *arg)
{
	struct request *req = arg;

	if (is_to_read(req)) {
		timer_start(&req->tmr, UNREAD_MS, timeout_handler, req);
	}
	else if (clock_is_late(req->due)) {
		await(req);
	}
	else {
		note_time(req);
		end(req, ETIMEDOUT, NULL);
	}
}


static void await(struct request *req)
{
	req->due = clock_ms() + req->ms;
	timer_start(&req->tmr, req->ms, timeout_handler, req);
}


/* Does the server want it in another form? As libre's registration does it */
static bool adapt(struct request *req, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;

	switch (msg->scode) {

	case 401:
	case 407:
		return !sip_auth_authenticate(req->auth, msg);

	case 423:
		hdr = sip_msg_hdr(msg, SIP_HDR_MIN_EXPIRES);
		if (!hdr || !pl_u32(&hdr->val) || !req->expires)
			return false;

		req->expires = pl_u32(&hdr->val);
		return true;

	default:
		return false;
	}
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct request *req = arg;

	if (!err && msg->scode < 200)
		return;

	note_time(req);

	if (!err && req->tries + 1 < MAX_TRIES && adapt(req, msg)) {
		++req->tries;
		if (!send_request(req))
			return;
	}

	end(req, err, msg);
}


/* The Contact of Baresip's own REGISTER: the binding is one and the same */
static SEND_HANDLER(send_handler)
{
	struct request *req = arg;
	const char *params = req->params ? req->params : "";

	SEND_HANDLER_UNUSED;
	req->sent = true;

	if (strcmp(req->met, "REGISTER"))
		return 0;

	if (req->contact)
		return mbuf_printf(mb, "Contact: <%s>;expires=%u%s\r\n",
				   req->contact, req->expires, params);

	return mbuf_printf(mb, "Contact: <sip:%s@%J%s>;expires=%u%s\r\n",
			   req->cuser, src, sip_transp_param(tp),
			   req->expires, params);
}


/* Each transaction has the time that Baresip's own would have */
static int send_request(struct request *req)
{
	req->since = clock_ms();
	req->sent  = false;
	await(req);

	return sip_drequestf(&req->req, uag_sip(), true, req->met, req->dlg,
			     0, req->auth, send_handler, response_handler,
			     req, "Content-Length: 0\r\n\r\n");
}


/**
 * The Request-URI of an account's REGISTER: its domain, RFC 3261 section 10.2
 *
 * @param urip Returns the URI
 * @param acc  Account
 *
 * @return 0 if success, otherwise errorcode
 */
int request_registrar(char **urip, const struct account *acc)
{
	struct uri uri = account_laddr(acc)->uri;

	uri.user = pl_null;
#if FAILOVER_LIBRE < 400
	uri.password = pl_null;
#endif

	return re_sdprintf(urip, "%H", uri_encode, &uri);
}


static int request_alloc(struct request **reqp, struct line *line,
			 unsigned server, const char *met, request_h *h,
			 void *arg)
{
	const char *routev[1] = { line_server(line, server)->uri };
	struct account *acc = line->acc;
	char *uri = NULL;
	struct request *req;
	int err;

	req = mem_zalloc(sizeof(*req), destructor);
	if (!req)
		return ENOMEM;

	req->met    = met;
	req->server = server;
	req->h   = h;
	req->arg = arg;

	err = request_registrar(&uri, acc);
	if (err)
		goto out;

	err = sip_dialog_alloc(&req->dlg, uri, account_aor(acc), NULL,
			       account_aor(acc), routev, 1);
	if (err)
		goto out;

	index_add(&by_callid, sip_dialog_callid(req->dlg), &req->he, req);

	err = sip_auth_alloc(&req->auth, line_auth_handler, acc, true);

 out:
	mem_deref(uri);
	if (err)
		mem_deref(req);
	else
		*reqp = req;

	return err;
}


static int set_contact(struct request *req, const struct line *line,
		       const char *contact, uint32_t expires)
{
	int err;

	req->expires = expires;

	err = str_dup(&req->cuser, ua_local_cuser(line->ua));
	if (contact)
		err |= str_dup(&req->contact, contact);
	if (expires && line->contact_params)
		err |= str_dup(&req->params, line->contact_params);

	return err;
}


static int start(struct request **reqp, struct request *req, uint64_t ms)
{
	int err;

	req->ms = ms;

	err = send_request(req);
	if (err) {
		mem_deref(req);
		return err;
	}

	if (reqp)
		*reqp = req;

	return 0;
}


/**
 * Send an independent REGISTER
 *
 * @param reqp    Request, to be dereferenced by the caller; its handler is
 *                not called after that
 * @param line    Line
 * @param server  Server
 * @param contact Contact, or NULL for the one that Baresip would register
 *                with that server
 * @param ms      Time for each answer, all that is needed for sending
 *                included [ms]
 * @param h       Called once, with an error or a final answer
 * @param arg     Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int request_register(struct request **reqp, struct line *line,
		     unsigned server, const char *contact, uint64_t ms,
		     request_h *h, void *arg)
{
	struct request *req;
	int err;

	err = request_alloc(&req, line, server, "REGISTER", h, arg);
	if (err)
		return err;

	err = set_contact(req, line, contact,
			  line_server(line, server)->regint);
	if (err) {
		mem_deref(req);
		return err;
	}

	return start(reqp, req, ms);
}


/**
 * Remove a Contact from a server's location table
 *
 * @param reqp    As for request_register(); NULL: it goes on by itself, beyond
 *                the life of the line
 * @param line    Line
 * @param server  Server
 * @param contact Contact; NULL: the one that Baresip would register there
 * @param h       Called once, with an error or a final answer; or NULL
 * @param arg     Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int request_deregister(struct request **reqp, struct line *line,
		       unsigned server, const char *contact, request_h *h,
		       void *arg)
{
	struct request *req;
	int err;

	err = request_alloc(&req, line, server, "REGISTER", h, arg);
	if (err)
		return err;

	err = set_contact(req, line, contact, 0);
	if (err) {
		mem_deref(req);
		return err;
	}

	return start(reqp, req, TRANSACTION_MS);
}


/**
 * Send OPTIONS
 *
 * @param reqp   Request, to be dereferenced by the caller; its handler is not
 *               called after that
 * @param line   Line
 * @param server Server
 * @param ms     Time for each answer, all that is needed for sending
 *               included [ms]
 * @param h      Called once, with an error or a final answer
 * @param arg    Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int request_options(struct request **reqp, struct line *line,
		    unsigned server, uint64_t ms, request_h *h, void *arg)
{
	struct request *req;
	int err;

	err = request_alloc(&req, line, server, "OPTIONS", h, arg);
	if (err)
		return err;

	return start(reqp, req, ms);
}


/**
 * The longest time that the server has let a request wait; one that it wants
 * in another form (401, 407, 423) counts as a new one
 *
 * @param req Request, may be NULL
 *
 * @return Time [ms]
 */
uint64_t request_took_ms(const struct request *req)
{
	return req ? req->took_ms : 0;
}


/**
 * Has libre sent it, or was it about to?
 *
 * @param req Request, may be NULL
 *
 * @return False if its name was not resolved or its connection not made yet
 */
bool request_is_sent(const struct request *req)
{
	return req && req->sent;
}


/**
 * How often has it been sent, the latest one if it was challenged?
 *
 * @param req Request
 *
 * @return Transmissions seen
 */
unsigned request_sends(const struct request *req)
{
	const struct txn *txn = txn_latest(sip_dialog_callid(req->dlg));

	return txn ? txn->sends : 0;
}


/**
 * Is this a request of ours, not of Baresip's?
 *
 * @param callid Call-ID
 *
 * @return True if it is
 */
bool request_is_own(const struct pl *callid)
{
	struct le *le;

	for (le = list_head(index_bucket(&by_callid, callid)); le; le = le->next) {

		const struct request *req = le->data;

		if (plain_is(callid, sip_dialog_callid(req->dlg)))
			return true;
	}

	return false;
}
