/**
 * @file web.c  The page and its interface for programs
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "answer.h"
#include "api.h"
#include "digest.h"
#include "form.h"
#include "guard.h"
#include "httpd.h"


struct web {
	struct httpd *httpd;
	struct guard *guard;
	const struct web_ops *ops;
	struct form form;            /**< Of the current request             */
};


static void destructor(void *arg)
{
	struct web *web = arg;

	mem_deref(web->httpd);
	mem_deref(web->guard);
}


/* 401 comes with a challenge */
static void refuse(struct web *web, struct httpd_conn *conn, uint16_t scode,
		   const char *why)
{
	char header[512];

	if (scode != 401) {
		answer_error(conn, scode, NULL, why);
		return;
	}

	if (re_snprintf(header, sizeof(header), "WWW-Authenticate: %H\r\n",
			guard_challenge, web->guard) < 0)
		answer_error(conn, 500, NULL, "no memory");
	else
		answer_error(conn, 401, header, why);
}


/* Decode the body of a POST, otherwise the part after "?" */
static int decode_form(struct web *web, const struct http_msg *msg,
		       const struct pl *body)
{
	struct pl text = msg->prm;

	if (!pl_strcmp(&msg->met, "POST")) {

		text = *body;

		if (text.l &&
		    !msg_ctype_cmp(&msg->ctyp, "application",
				   "x-www-form-urlencoded"))
			return EBADMSG;
	}
	else if (text.l) {
		pl_advance(&text, 1);
	}

	return form_decode(&web->form, text.p, text.l);
}


static void request_handler(struct httpd_conn *conn,
			    const struct http_msg *msg, const struct pl *body,
			    void *arg)
{
	struct web *web = arg;
	const struct api_request req = {
		.conn  = conn,
		.msg   = msg,
		.ops   = web->ops,
		.token = guard_token(web->guard),
		.form  = &web->form,
	};
	const char *why;
	uint16_t scode;

	scode = guard_check(web->guard, msg, &why);
	if (scode)
		refuse(web, conn, scode, why);
	else if (decode_form(web, msg, body))
		answer_error(conn, 400, NULL, "this is not a form in UTF-8");
	else
		api_handle(&req);
}


/**
 * Allocate the page. It is not served yet
 *
 * @param webp The page
 * @param ops  Functions for it; must stay valid
 *
 * @return 0 if success, otherwise errorcode
 */
int web_alloc(struct web **webp, const struct web_ops *ops)
{
	struct web *web;
	int err;

	web = mem_zalloc(sizeof(*web), destructor);
	if (!web)
		return ENOMEM;

	web->ops = ops;

	err = guard_alloc(&web->guard);
	if (!err)
		err = httpd_alloc(&web->httpd, request_handler, web);

	if (err)
		mem_deref(web);
	else
		*webp = web;

	return err;
}


/**
 * Can a key and its certificate be used?
 *
 * @param tlsp Returns them, to be released with mem_deref(); or NULL
 * @param cert PEM file
 *
 * @return 0 if they can, otherwise errorcode
 */
int web_read_cert(struct tls **tlsp, const char *cert)
{
	struct tls *tls = NULL;
	int err;

	err = tls_alloc(&tls, COMPAT_TLS, cert, NULL);
	if (!err && tlsp)
		*tlsp = mem_ref(tls);
	mem_deref(tls);

	return err;
}


/**
 * Serve the page, or serve it elsewhere. All is tried before anything changes,
 * and requests that have arrived are answered.
 *
 * @param web   The page
 * @param conf  Address, certificate and password
 * @param fault Returns what is wrong
 *
 * @return 0 if success, otherwise errorcode: the page is served as before
 */
int web_listen(struct web *web, const struct web_conf *conf,
	       enum web_fault *fault)
{
	const bool open = !conf->user || !conf->password;
	struct digest *digest = NULL;
	struct tls *tls = NULL;
	int err = 0;

	*fault = WEB_NO_PASSWORD;
	if (open && !sa_is_loopback(&conf->laddr))
		return EACCES;

	*fault = WEB_CERT;
	if (conf->cert)
		err = web_read_cert(&tls, conf->cert);
	if (err)
		goto out;

	*fault = WEB_ADDRESS;
	if (!open)
		err = digest_alloc(&digest, conf->user, conf->password);
	if (!err)
		err = httpd_listen(web->httpd, &conf->laddr, tls);
	if (!err)
		guard_set(web->guard, tls != NULL, digest);

 out:
	mem_deref(digest);
	mem_deref(tls);

	return err;
}


/**
 * Serve the page no more. Requests that have arrived are answered
 *
 * @param web The page
 */
void web_unlisten(struct web *web)
{
	httpd_unlisten(web->httpd);
}
