/**
 * @file digest.c  Digest authentication of a request, RFC 7616
 *
 * libre decodes the header and has the hash: SHA-256, or MD5 where it has no
 * other. Its own check accepts a request twice, and one for another target. It
 * gives all clients of a second the same nonce, so their requests cannot be
 * counted. What is checked here: the digest is for this method and target,
 * the nonce is ours and not old, and the request is not a replay.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <sys/random.h>
#include "clock.h"
#include "digest.h"
#include "head.h"
#include "replay.h"
#ifdef COMPAT_SHA256
#include <re_sha.h>
#endif

#define REALM "failover"

#ifdef COMPAT_SHA256
#define ALGORITHM "SHA-256"
#define hash_printf sha256_printf
#else
#define ALGORITHM "MD5"
#define hash_printf md5_printf
#endif

enum {
#ifdef COMPAT_SHA256
	HASH_SIZE  = 32,
#else
	HASH_SIZE  = MD5_SIZE,
#endif
	HEX_SIZE   = 2 * HASH_SIZE + 1,
	NUMBER_LEN = 16,             /**< Of a nonce, at its beginning       */
	NONCE_SIZE = NUMBER_LEN + HEX_SIZE,
	NONCE_MS   = 300000,         /**< Then a client gets a new one       */
	VALUE_MAX  = 4096,           /**< Of Authorization [bytes]           */
};

struct digest {
	char *user;
	uint8_t ha1[HASH_SIZE];      /**< Of user and password               */
	uint8_t secret[HASH_SIZE];   /**< Shows that a nonce is ours         */
	uint64_t number;             /**< Of the last nonce: when it was made*/
	struct replay replay;
	bool stale;                  /**< Only the nonce was wrong           */
};


static void destructor(void *arg)
{
	struct digest *digest = arg;

	mem_deref(digest->user);
}


/**
 * Require a user and a password
 *
 * @param digestp  Digest authentication
 * @param user     User
 * @param password Password
 *
 * @return 0 if success, otherwise errorcode
 */
int digest_alloc(struct digest **digestp, const char *user,
		 const char *password)
{
	struct digest *digest;
	int err;

	digest = mem_zalloc(sizeof(*digest), destructor);
	if (!digest)
		return ENOMEM;

	if (getentropy(digest->secret, sizeof(digest->secret)))
		err = errno;
	else
		err = str_dup(&digest->user, user) |
			hash_printf(digest->ha1, "%s:" REALM ":%s", user,
				    password);
	if (err)
		mem_deref(digest);
	else
		*digestp = digest;

	return err;
}


/* Its number, and a proof that we have made it */
static int make_nonce(char nonce[NONCE_SIZE], const struct digest *digest,
		      uint64_t number)
{
	uint8_t hash[HASH_SIZE];
	int err;

	err = hash_printf(hash, "%016llx%w", number, digest->secret,
			  sizeof(digest->secret));
	if (err)
		return err;

	return re_snprintf(nonce, NONCE_SIZE, "%016llx%w", number, hash,
			   sizeof(hash)) < 0 ? ENOMEM : 0;
}


/* A separator stands alone, except a comma with a space. libre's regular
   expressions take long for anything else. */
static bool is_plain(const struct pl *val)
{
	size_t run = 0;

	for (size_t i = 0; i < val->l; i++) {

		run = strchr(", \t", val->p[i]) ? run + 1 : 0;

		if (run > 2)
			return false;
	}

	return val->l <= VALUE_MAX;
}


/* Is it the digest of a request with this target? */
static bool is_for(const struct httpauth_digest_resp *resp,
		   const struct http_msg *msg)
{
	struct pl path = resp->uri, prm;
	size_t begin;

	pl_advance(&path, (ssize_t)head_authority(path.p, path.l, &begin));

	prm    = path;
	path.l = MIN(path.l, msg->path.l);
	pl_advance(&prm, (ssize_t)path.l);

	return !pl_cmp(&path, &msg->path) && !pl_cmp(&prm, &msg->prm);
}


/* The Authorization header, if it may be decoded and is for this request */
static bool decode(struct httpauth_digest_resp *resp,
		   const struct http_msg *msg)
{
	const struct http_hdr *hdr = http_msg_xhdr(msg, "Authorization");

	return hdr && http_msg_xhdr_count(msg, "Authorization") == 1 &&
		is_plain(&hdr->val) &&
		!httpauth_digest_response_decode(resp, &hdr->val) &&
		!pl_strcmp(&resp->qop, "auth") && is_for(resp, msg);
}


/* In constant time, which reveals nothing */
static bool is_same(const struct pl *pl, const char *text)
{
	const size_t n = strlen(text);
	unsigned differ = 0;

	if (pl->l != n)
		return false;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned)(pl->p[i] ^ text[i]);

	return !differ;
}


/* Does the client know user and password? RFC 7616 section 3.4.1 */
static bool is_right(const struct digest *digest,
		     const struct httpauth_digest_resp *resp,
		     const struct pl *method)
{
	uint8_t ha2[HASH_SIZE], hash[HASH_SIZE];
	char hex[HEX_SIZE];

	if (hash_printf(ha2, "%r:%r", method, &resp->uri) ||
	    hash_printf(hash, "%w:%r:%r:%r:auth:%w", digest->ha1,
			sizeof(digest->ha1), &resp->nonce, &resp->nc,
			&resp->cnonce, ha2, sizeof(ha2)) ||
	    re_snprintf(hex, sizeof(hex), "%w", hash, sizeof(hash)) < 0)
		return false;

	return is_same(&resp->response, hex) &&
		!pl_strcmp(&resp->username, digest->user);
}


static uint64_t hex_number(const char *p, size_t l)
{
	const struct pl pl = { p, l };

	return pl_x64(&pl);
}


/* Is it a nonce of ours that is not old, and a count that was not there? */
static bool is_fresh(struct digest *digest,
		     const struct httpauth_digest_resp *resp)
{
	const uint64_t now = clock_ms();
	char nonce[NONCE_SIZE];
	uint64_t number;

	if (resp->nonce.l != sizeof(nonce) - 1 || resp->nc.l != 8)
		return false;

	number = hex_number(resp->nonce.p, NUMBER_LEN);

	if (make_nonce(nonce, digest, number) || !is_same(&resp->nonce, nonce))
		return false;

	/* when there are many, some have a number ahead of their time */
	if (now > number && now - number > NONCE_MS)
		return false;

	return replay_is_new(&digest->replay, number,
			     (uint32_t)hex_number(resp->nc.p, resp->nc.l));
}


/**
 * Does the client know user and password, and does it make this request for
 * the first time?
 *
 * @param digest Digest authentication
 * @param msg    Request
 *
 * @return True if it does
 */
bool digest_check(struct digest *digest, const struct http_msg *msg)
{
	struct httpauth_digest_resp resp;

	digest->stale = false;

	if (!decode(&resp, msg) || !is_right(digest, &resp, &msg->met))
		return false;

	digest->stale = !is_fresh(digest, &resp);

	return !digest->stale;
}


/**
 * Print the challenge after digest_check() has failed. With stale=true, a
 * browser tries again without asking the user, RFC 7616 section 3.3.
 *
 * @param pf     Print function
 * @param digest Digest authentication
 *
 * @return 0 if success, otherwise errorcode
 */
int digest_challenge(struct re_printf *pf, struct digest *digest)
{
	char nonce[NONCE_SIZE];
	int err;

	digest->number = MAX(clock_ms(), digest->number + 1);

	err = make_nonce(nonce, digest, digest->number);
	if (err)
		return err;

	return re_hprintf(pf, "Digest realm=\"" REALM "\", qop=\"auth\","
			  " nonce=\"%s\", algorithm=" ALGORITHM "%s", nonce,
			  digest->stale ? ", stale=true" : "");
}
