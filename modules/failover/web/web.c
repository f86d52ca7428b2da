/**
 * @file web.c  The page and its interface for programs
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "answer.h"
#include "api.h"
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
 * Serve the page
 *
 * @param webp The page
 * @param conf Address, certificate and password
 * @param ops  Functions for it; must stay valid
 *
 * @return 0 if success, EACCES without user and password on an address other
 *         than loopback, otherwise errorcode
 */
int web_open(struct web **webp, const struct web_conf *conf,
	     const struct web_ops *ops)
{
	const bool open = !conf->user || !conf->password;
	struct web *web;
	int err;

	if (open && !sa_is_loopback(&conf->laddr))
		return EACCES;

	web = mem_zalloc(sizeof(*web), destructor);
	if (!web)
		return ENOMEM;

	web->ops = ops;

	err = guard_alloc(&web->guard, conf->cert != NULL,
			  open ? NULL : conf->user,
			  open ? NULL : conf->password);
	if (!err)
		err = httpd_open(&web->httpd, &conf->laddr, conf->cert,
				 request_handler, web);

	if (err)
		mem_deref(web);
	else
		*webp = web;

	return err;
}
