/**
 * @file parts.c  Long answers, account by account
 *
 * 3,000 accounts are 1.5 MB of JSON and take 50 ms to print. So an answer is
 * made a few accounts at a time. An account that is added or removed meanwhile
 * may be missing or appear twice.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "answer.h"
#include "json.h"
#include "parts.h"


enum {
	PART_SIZE = 1024,            /**< A part ends at this size           */
};

/** Progress of an answer */
struct parts {
	const struct web_ops *ops;
	unsigned family;
	unsigned account;
	bool begun;                  /**< The family's head is printed       */
	bool done;
};


static int status_handler(struct mbuf *mb, void *arg)
{
	struct parts *parts = arg;
	const struct web_ops *ops = parts->ops;
	const struct line *line;
	struct re_printf pf;
	int err = 0;

	if (parts->done)
		return 0;

	json_printer(&pf, mb);
	line = ops->account(parts->account);

	if (!parts->account)
		err = mbuf_write_str(mb, "{\"version\":1,\"accounts\":[");

	for (; line && !err && mb->pos < PART_SIZE; line = ops->next(line)) {

		if (parts->account++)
			err = mbuf_write_u8(mb, ',');

		err |= ops->status(&pf, line);
	}

	if (!line) {
		parts->done = true;
		err |= mbuf_write_str(mb, "]}");
	}

	return err;
}


/* The next accounts of a family; true if there are no more */
static bool print_family(struct parts *parts, struct mbuf *mb, int *err)
{
	const struct web_ops *ops = parts->ops;
	const struct line *line = ops->account(parts->account);
	struct re_printf pf;

	json_printer(&pf, mb);

	if (!parts->begun)
		*err = ops->metrics(&pf, parts->family, NULL);
	parts->begun = true;

	for (; line && !*err && mb->pos < PART_SIZE; line = ops->next(line)) {

		*err = ops->metrics(&pf, parts->family, line);
		++parts->account;
	}

	return !line;
}


static int metrics_handler(struct mbuf *mb, void *arg)
{
	struct parts *parts = arg;
	int err = 0;

	while (!err && mb->pos < PART_SIZE &&
	       parts->family < parts->ops->familyc) {

		if (print_family(parts, mb, &err)) {
			++parts->family;
			parts->account = 0;
			parts->begun   = false;
		}
	}

	return err;
}


static void answer(const struct api_request *req, const char *ctype,
		   answer_part_h *h)
{
	struct parts *parts = mem_zalloc(sizeof(*parts), NULL);

	if (!parts) {
		answer_error(req->conn, 500, NULL, "no memory");
		return;
	}

	parts->ops = req->ops;
	answer_parts(req->conn, ctype, h, parts);
}


/**
 * Answer with the status of all accounts
 *
 * @param req Request
 */
void parts_status(const struct api_request *req)
{
	answer(req, ANSWER_JSON, status_handler);
}


/**
 * Answer with the metrics, in Prometheus' text format
 *
 * @param req Request
 */
void parts_metrics(const struct api_request *req)
{
	answer(req, "text/plain; version=0.0.4; charset=utf-8",
	       metrics_handler);
}
