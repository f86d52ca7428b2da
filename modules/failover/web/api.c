/**
 * @file api.c  The paths of the server, and their functions
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "answer.h"
#include "api.h"
#include "files.h"
#include "form.h"
#include "json.h"
#include "parts.h"
#include "reply.h"


/** A path */
struct route {
	const char *path;
	const char *feature;         /**< Its name for the page, or NULL     */
	bool post;
	size_t op;                   /**< The function in struct web_ops     */
	void (*h)(const struct api_request *req, const struct route *route);
};

/** A test under way */
struct test {
	struct httpd_conn *conn;
};


static web_order_h *order_of(const struct api_request *req,
			     const struct route *route)
{
	web_order_h *h;

	memcpy(&h, (const char *)req->ops + route->op, sizeof(h));

	return h;
}


static const char *field(const struct api_request *req, const char *key)
{
	const char *val = form_get(req->form, key);

	return val ? val : "";
}


static struct web_order order_read(const struct api_request *req)
{
	return (struct web_order) {
		.aor    = field(req, "aor"),
		.server = field(req, "server"),
		.uri    = field(req, "uri"),
		.state  = field(req, "state"),
	};
}


static void handle_order(const struct api_request *req,
			 const struct route *route)
{
	const struct web_order order = order_read(req);
	struct mbuf *text = mbuf_alloc(512);
	struct re_printf pf;

	if (text) {
		int err;

		json_printer(&pf, text);
		err = order_of(req, route)(&pf, &order);
		reply_text(req->conn, err, text,
			    route->post ? "text" : "diff", NULL, 0);
	}
	else {
		answer_error(req->conn, 500, NULL, "no memory");
	}

	mem_deref(text);
}


static void tested_handler(int err, const char *text, void *arg)
{
	struct test *test = arg;
	struct mbuf *mb = mbuf_alloc(256);

	if (mb && !mbuf_write_str(mb, text))
		reply_text(test->conn, err, mb, "text", NULL, 0);

	mem_deref(mb);
	mem_deref(test);
}


static void test_destructor(void *arg)
{
	struct test *test = arg;

	mem_deref(test->conn);
}


static void handle_test(const struct api_request *req,
			const struct route *route)
{
	const struct web_order order = order_read(req);
	struct test *test = mem_zalloc(sizeof(*test), test_destructor);
	int err = ENOMEM;
	(void)route;

	if (test) {
		test->conn = mem_ref(req->conn);
		err = req->ops->test(&order, tested_handler, test);
	}

	if (err) {
		mem_deref(test);
		answer_error(req->conn, reply_code(err), NULL,
			     err == ENOENT ? "there is no such account" :
			     "this server cannot be tested");
	}
}


static void handle_config(const struct api_request *req,
			  const struct route *route)
{
	struct mbuf *mb = mbuf_alloc(4096);
	struct re_printf pf;
	int err = ENOMEM;
	(void)route;

	if (mb) {
		json_printer(&pf, mb);
		err  = mbuf_write_str(mb, "{\"ok\":true,");
		err |= req->ops->config(&pf, field(req, "aor"));
		err |= mbuf_write_str(mb, "}");
	}

	if (err)
		answer_error(req->conn, reply_code(err), NULL,
			     "there is no such account");
	else
		answer_whole(req->conn, 200, ANSWER_JSON, NULL, mb->buf,
			     mb->end);

	mem_deref(mb);
}


/* Every key of the form except the account */
static size_t changes(struct web_change *changev, const struct form *form)
{
	size_t n = 0;

	for (size_t i = 0; i < form->pairc; i++) {

		if (!strcmp(form->pairv[i].key, "aor"))
			continue;

		changev[n].key = form->pairv[i].key;
		changev[n].val = form->pairv[i].val;
		changev[n].error[0] = '\0';
		++n;
	}

	return n;
}


static void handle_set(const struct api_request *req,
		       const struct route *route)
{
	struct web_change *changev;
	struct mbuf *text = mbuf_alloc(512);
	struct re_printf pf;
	size_t n;
	int err;
	(void)route;

	changev = mem_zalloc(FORM_PAIRS * sizeof(*changev), NULL);
	if (!changev || !text) {
		answer_error(req->conn, 500, NULL, "no memory");
		goto out;
	}

	n = changes(changev, req->form);
	json_printer(&pf, text);
	err = req->ops->set(&pf, field(req, "aor"), changev, n);
	reply_text(req->conn, err, text, "text", changev, n);

 out:
	mem_deref(changev);
	mem_deref(text);
}


static void handle_status(const struct api_request *req,
			  const struct route *route)
{
	(void)route;
	parts_status(req);
}


static void handle_metrics(const struct api_request *req,
			   const struct route *route)
{
	(void)route;
	parts_metrics(req);
}

#define OP(f) offsetof(struct web_ops, f)

static const struct route routev[] = {
{"/api/status",      NULL,          false, OP(status),      handle_status  },
{"/metrics",         NULL,          false, OP(metrics),     handle_metrics },
{"/api/config",      "config",      false, OP(config),      handle_config  },
{"/api/diff",        "diff",        false, OP(diff),        handle_order   },
{"/api/set",         "set",         true,  OP(set),         handle_set     },
{"/api/save",        "save",        true,  OP(save),        handle_order   },
{"/api/switch",      "switch",      true,  OP(move),        handle_order   },
{"/api/probe",       "probe",       true,  OP(probe),       handle_order   },
{"/api/test",        "test",        true,  OP(test),        handle_test    },
{"/api/maintenance", "maintenance", true,  OP(maintenance), handle_order   },
};


/* The features that exist, for the page */
static int print_features(struct re_printf *pf, const struct api_request *req)
{
	int err = 0;

	for (size_t i = 0; i < RE_ARRAY_SIZE(routev); i++) {

		const struct route *route = &routev[i];

		if (route->feature && order_of(req, route))
			err |= re_hprintf(pf, "%s ", route->feature);
	}

	return err;
}


/* Writes the file up to the mark, and skips the mark */
static int print_until(struct mbuf *mb, struct pl *file, const char *mark)
{
	const size_t n = strlen(mark);
	struct pl before = *file;

	before.l = 0;
	while (before.l + n <= file->l && memcmp(file->p + before.l, mark, n))
		++before.l;

	if (before.l + n > file->l)
		return ENOENT;

	pl_advance(file, (ssize_t)(before.l + n));

	return mbuf_write_pl(mb, &before);
}


/* Answer with the page, the token and the list of features */
static void answer_page(const struct api_request *req,
			const struct file *file)
{
	struct pl rest = { (const char *)file->data, file->size };
	struct mbuf *mb = mbuf_alloc(file->size + 256);
	int err = ENOMEM;

	if (mb) {
		err  = print_until(mb, &rest, "@TOKEN@");
		err |= mbuf_write_str(mb, req->token);
		err |= print_until(mb, &rest, "@FEATURES@");
		err |= mbuf_printf(mb, "%H", print_features, req);
		err |= mbuf_write_pl(mb, &rest);
	}

	if (err)
		answer_error(req->conn, 500, NULL, "no memory");
	else
		answer_whole(req->conn, 200, file->ctype, NULL, mb->buf,
			     mb->end);

	mem_deref(mb);
}


static bool is_get(const struct api_request *req)
{
	return !pl_strcmp(&req->msg->met, "GET") ||
		!pl_strcmp(&req->msg->met, "HEAD");
}


static bool is_post(const struct api_request *req)
{
	return !pl_strcmp(&req->msg->met, "POST");
}


static bool handle_file(const struct api_request *req)
{
	for (size_t i = 0; i < filec; i++) {

		const struct file *file = &filev[i];

		if (pl_strcmp(&req->msg->path, file->path))
			continue;

		if (!is_get(req))
			answer_error(req->conn, 405, "Allow: GET, HEAD\r\n",
				     "only GET is possible");
		else if (!i)
			answer_page(req, file);
		else
			answer_whole(req->conn, 200, file->ctype, NULL,
				     file->data, file->size);
		return true;
	}

	return false;
}


/**
 * Answer a request that guard.c has accepted
 *
 * @param req Request
 */
void api_handle(const struct api_request *req)
{
	const struct route *route = NULL;

	if (handle_file(req))
		return;

	for (size_t i = 0; i < RE_ARRAY_SIZE(routev) && !route; i++) {
		if (!pl_strcmp(&req->msg->path, routev[i].path))
			route = &routev[i];
	}

	if (!route)
		answer_error(req->conn, 404, NULL, "there is nothing here");
	else if (!order_of(req, route))
		answer_error(req->conn, 404, NULL, "this is not available");
	else if (route->post && !is_post(req))
		answer_error(req->conn, 405, "Allow: POST\r\n",
			     "only POST is possible");
	else if (!route->post && !is_get(req))
		answer_error(req->conn, 405, "Allow: GET, HEAD\r\n",
			     "only GET is possible");
	else
		route->h(req, route);
}
