/**
 * @file reply.c  The result of a command, as JSON
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "answer.h"
#include "json.h"
#include "reply.h"


/**
 * The status code for what a function has returned
 *
 * @param err 0 or an errorcode
 *
 * @return Status code
 */
uint16_t reply_code(int err)
{
	switch (err) {

	case 0:      return 200;
	case ENOENT: return 404;
	case ENOMEM: return 500;
	default:     return 422;
	}
}


/* A command's text is for a terminal: it ends with a newline. An error begins
   with our name. */
static void clean(struct mbuf *text)
{
	static const char name[] = "failover: ";
	const size_t n = sizeof(name) - 1;

	while (text->end && text->buf[text->end - 1] == '\n')
		--text->end;

	text->pos = text->end >= n && !memcmp(text->buf, name, n) ? n : 0;
}


static int print_errors(struct re_printf *pf,
			const struct web_change *changev, size_t n)
{
	bool first = true;
	int err = 0;

	for (size_t i = 0; i < n; i++) {

		if (!changev[i].error[0])
			continue;

		err |= re_hprintf(pf, "%s%H:%H", first ? "" : ",",
				  json_string, changev[i].key,
				  json_string, changev[i].error);
		first = false;
	}

	return err;
}


/* {"ok":true,"text":"…"}, or
   {"ok":false,"error":"…","errors":{"key":"…"}} */
static int print_text(struct mbuf *mb, int err, struct mbuf *text,
		      const char *member, const struct web_change *changev,
		      size_t changec)
{
	struct re_printf pf;
	char *str = NULL;
	int e;

	json_printer(&pf, mb);
	clean(text);

	e = mbuf_strdup(text, &str, mbuf_get_left(text));
	if (e)
		return e;

	e = re_hprintf(&pf, "{\"ok\":%s,\"%s\":%H", err ? "false" : "true",
		       err ? "error" : member, json_string, str);
	if (err && changec) {
		e |= re_hprintf(&pf, ",\"errors\":{");
		e |= print_errors(&pf, changev, changec);
		e |= re_hprintf(&pf, "}");
	}
	e |= re_hprintf(&pf, "}");

	mem_deref(str);

	return e;
}


/**
 * Answer with the output of a command
 *
 * @param conn    Connection, possibly closed already
 * @param err     Return value of the command
 * @param text    Output of the command
 * @param member  Name of the text in the answer if err is 0
 * @param changev Changes that were requested, with their errors; or NULL
 * @param changec Number of changes
 */
void reply_text(struct httpd_conn *conn, int err, struct mbuf *text,
		const char *member, const struct web_change *changev,
		size_t changec)
{
	struct mbuf *mb = mbuf_alloc(512);

	if (!mb || print_text(mb, err, text, member, changev, changec))
		answer_error(conn, 500, NULL, "no memory");
	else
		answer_whole(conn, reply_code(err), ANSWER_JSON, NULL,
			     mb->buf, mb->end);

	mem_deref(mb);
}
