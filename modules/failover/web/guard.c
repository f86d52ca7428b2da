/**
 * @file guard.c  Who may see the page, and who may change settings
 *
 * A page of another site, open in the same browser, must not reach us. The
 * check of Host stops a foreign name that resolves to us. The checks of
 * Origin, and of the token that only our page has, stop foreign forms.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include "digest.h"
#include "guard.h"


struct guard {
	const char *scheme;
	char name[256];              /**< Of this machine                    */
	char token[GUARD_TOKEN_SIZE];
	struct digest *digest;       /**< NULL: no password                  */
};


static void destructor(void *arg)
{
	struct guard *guard = arg;

	mem_deref(guard->digest);
}


/**
 * Allocate a guard with a token of its own
 *
 * @param guardp Guard
 *
 * @return 0 if success, otherwise errorcode
 */
int guard_alloc(struct guard **guardp)
{
	uint8_t random[(GUARD_TOKEN_SIZE - 1) / 2];
	struct guard *guard;

	if (getentropy(random, sizeof(random)))
		return errno;

	guard = mem_zalloc(sizeof(*guard), destructor);
	if (!guard)
		return ENOMEM;

	guard->scheme = "http://";
	(void)re_snprintf(guard->token, sizeof(guard->token), "%w", random,
			  sizeof(random));

	/* a truncated name may lack its end */
	if (gethostname(guard->name, sizeof(guard->name) - 1))
		guard->name[0] = '\0';

	*guardp = guard;

	return 0;
}


/**
 * Say who may see the page. The token stays, so an open page goes on.
 *
 * @param guard  Guard
 * @param tls    True for https
 * @param digest Digest authentication, referenced; NULL: anybody may see it
 */
void guard_set(struct guard *guard, bool tls, struct digest *digest)
{
	guard->scheme = tls ? "https://" : "http://";

	mem_ref(digest);
	mem_deref(guard->digest);
	guard->digest = digest;
}


/**
 * The token that a change needs
 *
 * @param guard Guard
 *
 * @return Token, letters and digits
 */
const char *guard_token(const struct guard *guard)
{
	return guard->token;
}


/* The host in "host:port"; an IPv6 address without brackets */
static struct pl host_part(const struct pl *host)
{
	struct pl name = *host, port;
	const char *end;

	if (host->l && *host->p == '[') {
		end = pl_strchr(host, ']');
		if (!end)
			return pl_null;

		++name.p;
		name.l = (size_t)(end - name.p);
		++end;
	}
	else {
		end = pl_strchr(host, ':');
		if (!end)
			return name;

		name.l = (size_t)(end - name.p);
	}

	port.p = end;
	port.l = (size_t)(host->p + host->l - end);

	if (port.l && (*port.p != ':' || port.l > 6))
		return pl_null;

	for (size_t i = 1; i < port.l; i++) {
		if (port.p[i] < '0' || port.p[i] > '9')
			return pl_null;
	}

	return name;
}


/* False for another name that DNS leads here */
static bool is_ours(const struct guard *guard, const struct pl *host)
{
	const struct pl name = host_part(host);
	struct sa sa;

	if (!name.l)
		return false;

	return !sa_set(&sa, &name, 0) || !pl_strcasecmp(&name, "localhost") ||
		!pl_strcasecmp(&name, guard->name);
}


static bool is_same_origin(const struct guard *guard, const struct pl *origin,
			   const struct pl *host)
{
	const size_t n = strlen(guard->scheme);
	const struct pl rest = { origin->p + n, origin->l - n };

	return origin->l > n && !memcmp(origin->p, guard->scheme, n) &&
		!pl_casecmp(&rest, host);
}


/* In constant time, which reveals nothing of the token */
static bool is_token(const struct guard *guard, const struct http_hdr *hdr)
{
	unsigned differ = 0;

	if (!hdr || hdr->val.l != GUARD_TOKEN_SIZE - 1)
		return false;

	for (size_t i = 0; i < hdr->val.l; i++)
		differ |= (unsigned)(hdr->val.p[i] ^ guard->token[i]);

	return !differ;
}


/**
 * May this request be answered?
 *
 * @param guard Guard
 * @param msg   Request
 * @param why   Returns why it may not, for the user
 *
 * @return 0 if it may, otherwise the status code of the answer
 */
uint16_t guard_check(struct guard *guard, const struct http_msg *msg,
		     const char **why)
{
	const struct http_hdr *host = http_msg_xhdr(msg, "Host");
	const struct http_hdr *origin = http_msg_xhdr(msg, "Origin");

	*why = "Host has to be there, once";
	if (!host || http_msg_xhdr_count(msg, "Host") != 1)
		return 400;

	*why = "Host is none of ours: use an address, localhost or the"
		" name of this machine";
	if (!is_ours(guard, &host->val))
		return 403;

	*why = "the request comes from a page of somebody else";
	if (origin && !is_same_origin(guard, &origin->val, &host->val))
		return 403;

	*why = "a user and a password are needed";
	if (guard->digest && !digest_check(guard->digest, msg))
		return 401;

	*why = "the token is missing or old: load the page again";
	if (!pl_strcmp(&msg->met, "POST") &&
	    !is_token(guard, http_msg_xhdr(msg, "X-Failover-Token")))
		return 403;

	return 0;
}


/**
 * Print the challenge after guard_check() has returned 401
 *
 * @param pf    Print function
 * @param guard Guard
 *
 * @return 0 if success, otherwise errorcode
 */
int guard_challenge(struct re_printf *pf, struct guard *guard)
{
	return digest_challenge(pf, guard->digest);
}
