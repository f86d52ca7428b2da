/**
 * @file grant.c  What a registrar's 2xx means for the binding
 *
 * Two questions: when does the binding lapse, and when will libre refresh it?
 * libre looks for the very Contact that it has sent. Registrars list it with
 * another address (NAT), another port or parameter, or not at all; libre then
 * goes by the time that it has asked for, which may be too late.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "grant.h"
#include "plain.h"


enum {
	DEFAULT_S = 3600,            /**< libre's, where nothing is said     */
	RWAIT_MIN = 5,               /**< libre's least part of a time [%]   */
	STORM_MS  = 1000,            /**< libre goes mad below that          */
};

/** How sure it is that a Contact of the answer is the account's */
enum rank {
	RANK_NONE,
	RANK_ONLY,                   /**< No other one is listed             */
	RANK_USER,                   /**< Its user part                      */
	RANK_PLACE,                  /**< ... host and port                  */
	RANK_SAME,                   /**< As sent                            */
};

/** An expiry [s] */
struct expiry {
	bool said;                   /**< It is there, and a number          */
	uint32_t s;
};

/** The Contacts of an answer */
struct search {
	const struct grant_asked *asked;
	struct sip_addr sent;        /**< The Contact as sent                */
	unsigned n;                  /**< How many there are                 */
	enum rank rank;              /**< Of the best one                    */
	struct expiry expiry;        /**< ... its expiry                     */
	bool libre_found;            /**< libre recognises one               */
	struct pl libre_s;           /**< ... and its expiry                 */
};


#if FAILOVER_LIBRE >= 210
static enum sip_transp transport(const struct sip_addr *addr)
{
	const struct pl name = PL("transport");
	struct pl val;

	if (uri_param_get(&addr->auri, &name, &val))
		return SIP_TRANSP_UDP;

	return sip_transp_decode(&val);
}


/* As libre's reg.c does: user, address and transport, the port is not asked
   for */
static bool libre_recognises(const struct search *s,
			     const struct sip_addr *addr)
{
	struct sa listed, sent;

	return !pl_cmp(&addr->uri.user, &s->sent.uri.user) &&
		!sa_set(&listed, &addr->uri.host, addr->uri.port) &&
		!sa_set(&sent, &s->sent.uri.host, s->sent.uri.port) &&
		sa_cmp(&listed, &sent, SA_ADDR) &&
		transport(addr) == transport(&s->sent);
}
#else
/* As libre's reg.c does: to the letter */
static bool libre_recognises(const struct search *s,
			     const struct sip_addr *addr)
{
	return !pl_cmp(&addr->auri, &s->sent.auri);
}
#endif


static enum rank rank_of(const struct search *s, const struct sip_addr *addr)
{
	if (pl_strcmp(&addr->uri.user, s->asked->cuser))
		return RANK_NONE;

	if (!s->asked->contact)
		return RANK_USER;

	if (!pl_cmp(&addr->auri, &s->sent.auri))
		return RANK_SAME;

	if (!pl_casecmp(&addr->uri.host, &s->sent.uri.host) &&
	    addr->uri.port == s->sent.uri.port)
		return RANK_PLACE;

	return RANK_USER;
}


/* What is not a number counts for nothing (RFC 3261 section 10.2.1.1), what is
   too large for the largest */
static struct expiry expiry_read(const struct pl *val)
{
	const struct expiry none = { .said = false };
	struct expiry expiry = { .said = val->l > 0 };

	for (size_t i = 0; i < val->l; i++) {

		const uint32_t digit = (uint32_t)(uint8_t)val->p[i] - '0';

		if (digit > 9)
			return none;

		if (expiry.s > (UINT32_MAX - digit) / 10)
			expiry.s = UINT32_MAX;
		else
			expiry.s = expiry.s * 10 + digit;
	}

	return expiry;
}


/* Of several that may be ours the one that lapses first, unless it has */
static bool is_sooner(const struct expiry *a, const struct expiry *b)
{
	return a->s && (!b->s || a->s < b->s);
}


static void take(struct search *s, enum rank rank, const struct pl *val,
		 bool recognised)
{
	const struct expiry expiry = expiry_read(val);

	if (recognised && !s->libre_found) {
		s->libre_found = true;
		s->libre_s     = *val;
	}

	if (rank > s->rank || (rank && rank == s->rank &&
			       is_sooner(&expiry, &s->expiry))) {
		s->rank   = rank;
		s->expiry = expiry;
	}
}


/* The usual case, without taking it apart: <URI> to the letter */
static bool is_as_sent(const struct search *s, const struct pl *contact,
		       struct pl *expires)
{
	const size_t len = str_len(s->asked->contact);
	struct pl params;

	/* libre looks at its address */
	if (FAILOVER_LIBRE >= 210)
		return false;

	if (!len || contact->l < len + 2 || contact->p[0] != '<' ||
	    memcmp(contact->p + 1, s->asked->contact, len) ||
	    contact->p[len + 1] != '>')
		return false;

	params.p = contact->p + len + 2;
	params.l = contact->l - len - 2;

	return plain_read_param(expires, &params, "expires");
}


static void decode_sent(struct search *s)
{
	struct pl contact;

	if (!s->asked->contact || s->sent.auri.p)
		return;

	pl_set_str(&contact, s->asked->contact);
	(void)uri_decode(&s->sent.uri, &contact);
	s->sent.auri = contact;
}


static bool search_handler(const struct sip_hdr *hdr,
			   const struct sip_msg *msg, void *arg)
{
	struct search *s = arg;
	struct sip_addr addr;
	struct pl val = PL_INIT;
	enum rank rank;
	(void)msg;

	++s->n;

	if (is_as_sent(s, &hdr->val, &val)) {
		take(s, RANK_SAME, &val, true);
		return false;
	}

	if (sip_addr_decode(&addr, &hdr->val))
		return false;

	(void)msg_param_decode(&addr.params, "expires", &val);

	decode_sent(s);
	rank = rank_of(s, &addr);
	if (!rank && s->n == 1)
		rank = RANK_ONLY;
	take(s, rank, &val, s->asked->contact && libre_recognises(s, &addr));

	return false;
}


/* Time until the binding lapses [s]. RFC 3261 section 10.3 step 8: all of the
   account's bindings are listed, so the only one is ours, whatever its user. */
static uint32_t granted_s(const struct search *s, const struct sip_msg *msg)
{
	const struct expiry header = expiry_read(&msg->expires);

	if (s->expiry.said && (s->rank > RANK_ONLY ||
			       (s->n == 1 && s->expiry.s)))
		return s->expiry.s;

	return header.said ? header.s : s->asked->expires;
}


/* What libre takes for granted [s], 0 if it is no number */
static uint32_t libre_s(const struct search *s, const struct sip_msg *msg)
{
	if (!s->libre_found)
		return s->asked->expires;

	if (pl_isset(&s->libre_s))
		return pl_u32(&s->libre_s);

	return pl_isset(&msg->expires) ? pl_u32(&msg->expires) : DEFAULT_S;
}


/**
 * Decode what a registrar has granted
 *
 * @param grant Set to what it has granted
 * @param msg   Answer to a REGISTER, 2xx
 * @param asked What was asked for
 */
void grant_decode(struct grant *grant, const struct sip_msg *msg,
		  const struct grant_asked *asked)
{
	struct search s = { .asked = asked };
	uint32_t expires;

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, search_handler,
				&s);

	expires = libre_s(&s, msg);

	/* its arithmetic, 32 bits and all */
	grant->refresh_ms = (uint32_t)(expires * (asked->rwait * 10));
	grant->lapse_ms   = expires ? (uint64_t)granted_s(&s, msg) * 1000 : 0;

	/* libre's next REGISTER would follow at once, and so on: nothing was
	   granted, or so much that its 32 bits do not hold it */
	grant->useless = !grant->lapse_ms || !grant->refresh_ms ||
		(grant->refresh_ms < STORM_MS &&
		 grant->refresh_ms < grant->lapse_ms / 100 * RWAIT_MIN);

	/* The registrar may have counted from when the REGISTER was sent. libre
	   counts from the answer. */
	if (!grant->useless)
		grant->lapse_ms -= MIN(asked->took_ms, grant->lapse_ms / 2);
}


/**
 * Say why a grant is of no use
 *
 * @param grant  Grant
 * @param answer The answer, as "200 OK"
 * @param reason Buffer for the text
 * @param size   Its size
 */
void grant_describe(const struct grant *grant, const char *answer,
		    char *reason, size_t size)
{
	(void)re_snprintf(reason, size, "%s, but for %llu s", answer,
			  (unsigned long long)(grant->lapse_ms / 1000));
}
