/**
 * @file phone.c  The phone of the fuzzers' stand-in for Baresip
 *
 * Registration, calls and subscriptions are libre's own.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "baresip.h"


enum {
	END_MS = 33000,              /**< 64*T1, and more                    */
};

static struct {
	struct sip *sip;
	struct dnsc *dnsc;
	struct sipsess_sock *sessions;
	struct sipevent_sock *events;
	bool ended;
} phone;

static struct list contactl;


static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	return account_auth(arg, user, pass, realm);
}


/* Registration */

static void register_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct ua *ua = arg;
	char text[256];

	if (err)
		(void)re_snprintf(text, sizeof(text), "%m", err);
	else
		(void)re_snprintf(text, sizeof(text), "%u %r", msg->scode,
				  &msg->reason);

	baresip_event(ua, !err && msg->scode >= 200 && msg->scode < 300 ?
		      EV_REGISTER_OK : EV_REGISTER_FAIL, NULL, text);
}


int ua_register(struct ua *ua)
{
	const char *routev[1] = { ua->acc->outbound };
	struct uri uri = ua->acc->laddr.uri;
	char *registrar = NULL;
	int err;

	uri.user = uri.password = uri.params = uri.headers = pl_null;
	err = re_sdprintf(&registrar, "%H", uri_encode, &uri);
	if (err)
		return err;

	baresip_event(ua, EV_REGISTERING, NULL, NULL);

	routev[0] = ua->acc->outbound;
	ua->reg = mem_deref(ua->reg);
	err = sipreg_register(&ua->reg, phone.sip, registrar, ua->acc->aor,
			      NULL, ua->acc->aor, ua->acc->regint, ua->cuser,
			      routev, routev[0] ? 1 : 0, 0, auth_handler,
			      ua->acc, true, register_handler, ua, NULL, NULL);
	mem_deref(registrar);
	if (err)
		baresip_event(ua, EV_REGISTER_FAIL, NULL, "not sent");

	return err;
}


void ua_unregister(struct ua *ua)
{
	baresip_event(ua, EV_UNREGISTERING, NULL, NULL);
	ua->reg = mem_deref(ua->reg);
}


bool ua_isregistered(const struct ua *ua)
{
	return ua->reg && sipreg_registered(ua->reg);
}


/* Subscriptions */

static void notify_handler(struct sip *sip, const struct sip_msg *msg,
			   void *arg)
{
	(void)arg;
	(void)sip_treply(NULL, sip, msg, 200, "OK");
}


static void unsubscribed_handler(int err, const struct sip_msg *msg,
				 const struct sipevent_substate *substate,
				 void *arg)
{
	struct ua *ua = arg;
	(void)err;
	(void)msg;
	(void)substate;

	ua->mwi = mem_deref(ua->mwi);
}


void phone_subscribe(struct ua *ua)
{
	const char *routev[1] = { ua->acc->outbound };

	if (!ua->mwi)
		(void)sipevent_subscribe(&ua->mwi, phone.events, ua->acc->aor,
					 NULL, ua->acc->aor, "message-summary",
					 NULL, 600, ua->cuser, routev,
					 routev[0] ? 1 : 0, auth_handler,
					 ua->acc, true, NULL, notify_handler,
					 unsubscribed_handler, ua, NULL);
}


/* Calls */

static void call_destructor(void *arg)
{
	struct call *call = arg;

	list_unlink(&call->le);
	mem_deref(call->sess);
	mem_deref(call->offer);
	mem_deref(call->id);
	mem_deref(call->peer);
}


static struct call *call_alloc(struct ua *ua)
{
	struct call *call = mem_zalloc(sizeof(*call), call_destructor);

	must(call != NULL);
	call->ua    = ua;
	call->offer = mbuf_alloc(128);
	must(call->offer && !mbuf_printf(call->offer, "v=0\r\n"
		"o=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
		"t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"));
	call->offer->pos = 0;
	list_append(&ua->calls, &call->le, call);

	return call;
}


static int offer_handler(struct mbuf **descp, const struct sip_msg *msg,
			 void *arg)
{
	struct call *call = arg;
	(void)msg;

	call->offer->pos = 0;
	*descp = mem_ref(call->offer);

	return 0;
}


static int answer_handler(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;

	return 0;
}


static void progress_handler(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
}


static void established_handler(const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	(void)msg;

	call->state = CALL_STATE_OUTGOING + 4;
	baresip_event(call->ua, EV_CALL_ESTABLISHED, call, call->peer);
}


static void reply_handler(struct sip *sip, const struct sip_msg *msg,
			  void *arg)
{
	(void)arg;
	(void)sip_reply(sip, msg, 200, "OK");
}


static void close_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	char text[256];

	if (err)
		(void)re_snprintf(text, sizeof(text), "%m", err);
	else if (msg)
		(void)re_snprintf(text, sizeof(text), "%u %r", msg->scode,
				  &msg->reason);
	else
		text[0] = '\0';

	baresip_event(call->ua, EV_CALL_CLOSED, call, text);
	mem_deref(call);
}


static int send_invite(struct call *call)
{
	struct account *acc = call->ua->acc;
	const char *routev[1];
	int err;

	/* as Baresip 1.0.0, which has read it before the event */
	routev[0] = acc->outbound;
	baresip_event(call->ua, EV_CALL_LOCAL_SDP, call, "offer");
	call->offer->pos = 0;

	err = sipsess_connect(&call->sess, phone.sessions, call->peer, NULL,
			      acc->aor, call->ua->cuser, routev,
			      routev[0] ? 1 : 0, "application/sdp",
			      call->offer, auth_handler, acc, true,
			      offer_handler, answer_handler, progress_handler,
			      established_handler, reply_handler,
			      reply_handler, close_handler, call, NULL);
	if (err)
		return err;

	return str_dup(&call->id,
		       sip_dialog_callid(sipsess_dialog(call->sess)));
}


int call_connect(struct call *call, const struct pl *paddr)
{
	char *peer = NULL;

	if (pl_strdup(&peer, paddr))
		return ENOMEM;

	mem_deref(call->peer);
	call->peer  = peer;
	call->id    = mem_deref(call->id);
	call->state = CALL_STATE_OUTGOING;

	return send_invite(call);
}


void call_hangup(struct call *call, uint16_t scode, const char *reason)
{
	(void)scode;
	(void)reason;

	call->sess = mem_deref(call->sess);
}


int ua_connect(struct ua *ua, struct call **callp, const char *from_uri,
	       const char *req_uri, enum vidmode vmode)
{
	struct call *call = call_alloc(ua);
	struct pl peer;
	int err;
	(void)from_uri;
	(void)vmode;

	call->outgoing = true;
	pl_set_str(&peer, req_uri);
	err = call_connect(call, &peer);
	if (err)
		mem_deref(call);
	else if (callp)
		*callp = call;

	return err;
}


void ua_hangup(struct ua *ua, struct call *call, uint16_t scode,
	       const char *reason)
{
	if (!call)
		call = list_ledata(list_tail(&ua->calls));
	if (!call)
		return;

	call_hangup(call, scode, reason);
	baresip_event(ua, EV_CALL_CLOSED, call, reason ? reason : "");
	mem_deref(call);
}


/* A call comes in, for whichever account it is */
static void incoming_handler(const struct sip_msg *msg, void *arg)
{
	struct le *le = list_head(uag_list());
	struct call *call;
	struct ua *ua;
	(void)arg;

	while (le && pl_strcmp(&msg->uri.user,
			       ((struct ua *)le->data)->cuser))
		le = le->next;

	if (!le || list_count(&((struct ua *)le->data)->calls) > 3 ||
	    !pl_isset(&msg->from.auri) || !pl_isset(&msg->callid)) {
		(void)sip_treply(NULL, phone.sip, msg, 404, "Not Found");
		return;
	}

	ua   = le->data;
	call = call_alloc(ua);
	must(!pl_strdup(&call->peer, &msg->from.auri) &&
	     !pl_strdup(&call->id, &msg->callid));
	call->state = CALL_STATE_OUTGOING - 1;
	if (sipsess_accept(&call->sess, phone.sessions, msg, 180, "Ringing",
			   ua->cuser, "application/sdp", NULL, auth_handler,
			   ua->acc, true, offer_handler, answer_handler,
			   established_handler, reply_handler, reply_handler,
			   close_handler, call, NULL))
		mem_deref(call);
	else
		baresip_event(ua, EV_CALL_INCOMING, call, call->peer);
}


/** The user takes the newest call */
void phone_answer(struct ua *ua)
{
	struct call *call = list_ledata(list_tail(&ua->calls));

	if (!call || !call->sess)
		return;

	call->offer->pos = 0;
	(void)sipsess_answer(call->sess, 200, "OK", call->offer, NULL);
}


/** The user puts the newest call on hold */
void phone_hold(struct ua *ua)
{
	struct call *call = list_ledata(list_tail(&ua->calls));

	if (!call || !call->sess)
		return;

	call->offer->pos = 0;
	(void)sipsess_modify(call->sess, call->offer);
}


/* What the module asks of a call and of a user agent */

bool call_has_video(const struct call *call)
{
	(void)call;

	return false;
}


bool call_is_outgoing(const struct call *call)
{
	return call->outgoing;
}


enum call_state call_state(const struct call *call)
{
	return call->state;
}


const char *call_id(const struct call *call)
{
	return call->id;
}


const char *call_peeruri(const struct call *call)
{
	return call->peer;
}


const char *call_localuri(const struct call *call)
{
	return call->ua->acc->aor;
}


struct list *call_streaml(const struct call *call)
{
	(void)call;

	return NULL;
}


uint32_t stream_metric_get_rx_n_packets(const struct stream *strm)
{
	(void)strm;

	return 0;
}


const char *ua_local_cuser(const struct ua *ua)
{
	return ua->cuser;
}


struct account *ua_account(const struct ua *ua)
{
	return ua->acc;
}


struct list *ua_calls(const struct ua *ua)
{
	return (struct list *)&ua->calls;
}


struct sip *uag_sip(void)
{
	return phone.sip;
}


int uag_reset_transp(bool reg, bool reinvite)
{
	struct le *le;
	(void)reinvite;

	for (le = list_head(uag_list()); reg && le; le = le->next)
		(void)ua_register(le->data);

	return 0;
}


/* There are no contacts, and presence is published by nobody. What is asked
   of a contact alone is left to the linker: meson.build */

struct contacts *baresip_contacts(void)
{
	return NULL;
}


struct list *contact_list(const struct contacts *contacts)
{
	(void)contacts;

	return &contactl;
}


struct contact *contact_find(const struct contacts *contacts,
			     const char *uri)
{
	(void)contacts;
	(void)uri;

	return NULL;
}


struct contact *contacts_current(const struct contacts *contacts)
{
	(void)contacts;

	return NULL;
}


int contact_add(struct contacts *contacts, struct contact **contactp,
		const struct pl *addr)
{
	(void)contacts;
	(void)contactp;
	(void)addr;

	return ENOENT;
}


enum presence_status ua_presence_status(const struct ua *ua)
{
	(void)ua;

	return PRESENCE_OPEN;
}


void ua_presence_status_set(struct ua *ua, enum presence_status status)
{
	(void)ua;
	(void)status;
}


/* Begin and end */

static void exit_handler(void *arg)
{
	(void)arg;
	phone.ended = true;
}


/**
 * Open the phone's sockets
 *
 * @param dns Name server
 */
void phone_open(const struct sa *dns)
{
	struct sa laddr;

	must(!sa_set_str(&laddr, "127.0.0.1", 0));
	must(!dnsc_alloc(&phone.dnsc, NULL, dns, 1));
	must(!sip_alloc(&phone.sip, phone.dnsc, 32, 32, 32, "fuzz",
			exit_handler, NULL));
	must(!sip_transp_add(phone.sip, SIP_TRANSP_UDP, &laddr));
	must(!sip_transp_add(phone.sip, SIP_TRANSP_TCP, &laddr));
	must(!sipsess_listen(&phone.sessions, phone.sip, 32, incoming_handler,
			     NULL));
	must(!sipevent_listen(&phone.events, phone.sip, 32, 32, NULL, NULL));
}


/** Let a user agent's registration and calls go, without a word */
void phone_forget(struct ua *ua)
{
	ua->reg = mem_deref(ua->reg);
	ua->mwi = mem_deref(ua->mwi);
	list_flush(&ua->calls);
}


/** Let what is under way come to its end, as Baresip does. It quits when
    nothing holds the SIP stack any more. */
void phone_stop(void)
{
	phone.ended = false;
	sip_close(phone.sip, false);

	for (unsigned i = 0; i < 40 && !phone.ended; i++)
		baresip_pass(END_MS);

	must(phone.ended);
}


/** Close the phone's sockets */
void phone_close(void)
{
	phone.events   = mem_deref(phone.events);
	phone.sessions = mem_deref(phone.sessions);
	sip_close(phone.sip, true);
	phone.sip  = mem_deref(phone.sip);
	phone.dnsc = mem_deref(phone.dnsc);
}
