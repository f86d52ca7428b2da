/**
 * @file digest.c  Digest authentication of a request, by libre
 *
 * RFC 7616: SHA-256 if libre has it, else MD5. This file first checks what
 * libre does not. The digest must be for this very target. It must use the
 * algorithm of the challenge: without one, libre 4.10 calls a null pointer.
 * Its text must not keep libre's regular expressions busy.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <time.h>
#include "digest.h"

#define REALM "failover"

enum {
	VALUE_MAX = 4096,            /**< Of Authorization [bytes]           */
	NONCE_S   = 240,             /**< libre's limit is 300 s             */
};


/* A separator stands alone, except a comma with a space */
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


/* The Authorization header, if it may be decoded */
static const struct pl *authorization(const struct http_msg *msg,
				      struct httpauth_digest_resp *resp)
{
	const struct http_hdr *hdr = http_msg_xhdr(msg, "Authorization");
	struct pl target = msg->path;

	target.l = (size_t)(msg->prm.p + msg->prm.l - target.p);

	if (!hdr || http_msg_xhdr_count(msg, "Authorization") != 1 ||
	    !is_plain(&hdr->val) ||
	    httpauth_digest_response_decode(resp, &hdr->val) ||
	    pl_cmp(&resp->uri, &target))
		return NULL;

	return &hdr->val;
}


#ifdef COMPAT_SHA256

struct digest {
	struct httpauth_digest_chall_req *req;
	time_t made;                 /**< When `req` was made                */
	char *secret;
	char *user;
	char *password;
};


static void destructor(void *arg)
{
	struct digest *digest = arg;

	mem_deref(digest->req);
	mem_deref(digest->secret);
	mem_deref(digest->user);
	mem_deref(digest->password);
}


static int digest_init(struct digest *digest, const char *user,
		       const char *password)
{
	return str_dup(&digest->user, user) |
		str_dup(&digest->password, password) |
		re_sdprintf(&digest->secret, "%016llx%016llx", rand_u64(),
			    rand_u64());
}


/* The nonce contains its time; make a new one before it expires */
static int renew(struct digest *digest)
{
	const time_t now = time(NULL);

	if (digest->req && now >= digest->made &&
	    now < digest->made + NONCE_S)
		return 0;

	digest->req  = mem_deref(digest->req);
	digest->made = now;

	return httpauth_digest_chall_request_full(&digest->req, REALM, NULL,
						  digest->secret, NULL, false,
						  "SHA-256", "auth", NULL,
						  false);
}


/**
 * Does the client know user and password?
 *
 * @param digest Digest authentication
 * @param msg    Request
 *
 * @return True if it does
 */
bool digest_check(struct digest *digest, const struct http_msg *msg)
{
	struct httpauth_digest_resp resp;
	const struct pl *val = authorization(msg, &resp);

	if (renew(digest))
		return false;

	digest->req->stale = false;

	/* libre reads the last 16 characters of a nonce */
	if (!val || pl_strcasecmp(&resp.algorithm, "SHA-256") ||
	    pl_strcmp(&resp.qop, "auth") || resp.nonce.l < 16)
		return false;

	return !httpauth_digest_verify(digest->req, val, &msg->met,
				       digest->secret, digest->user,
				       digest->password, NULL);
}


/**
 * Print the challenge after digest_check() has failed
 *
 * @param pf     Print function
 * @param digest Digest authentication
 *
 * @return 0 if success, otherwise errorcode
 */
int digest_challenge(struct re_printf *pf, struct digest *digest)
{
	return httpauth_digest_chall_req_print(pf, digest->req);
}

#else

struct digest {
	struct http_auth auth;
	char *user;
	uint8_t ha1[MD5_SIZE];
};


static void destructor(void *arg)
{
	struct digest *digest = arg;

	mem_deref(digest->user);
}


static int digest_init(struct digest *digest, const char *user,
		       const char *password)
{
	digest->auth.realm = REALM;

	return str_dup(&digest->user, user) |
		md5_printf(digest->ha1, "%s:" REALM ":%s", user, password);
}


static int auth_handler(const struct pl *username, uint8_t *ha1, void *arg)
{
	const struct digest *digest = arg;

	if (pl_strcmp(username, digest->user))
		return EAUTH;

	memcpy(ha1, digest->ha1, sizeof(digest->ha1));

	return 0;
}


bool digest_check(struct digest *digest, const struct http_msg *msg)
{
	struct httpauth_digest_resp resp;

	digest->auth.stale = false;

	if (!authorization(msg, &resp) || pl_strcmp(&resp.qop, "auth"))
		return false;

	return http_auth_check_request(msg, &digest->auth, auth_handler,
				       digest);
}


int digest_challenge(struct re_printf *pf, struct digest *digest)
{
	return http_auth_print_challenge(pf, &digest->auth);
}

#endif


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

	err = digest_init(digest, user, password);
	if (err)
		mem_deref(digest);
	else
		*digestp = digest;

	return err;
}
