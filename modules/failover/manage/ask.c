/**
 * @file ask.c  The user tests a server: failover_test
 *
 * The answer comes too late for the command. So it goes to the log and to an
 * event, is stored with the account, and is passed to the handler.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <time.h>
#include "ask.h"
#include "config.h"
#include "foreign.h"
#include "line.h"
#include "question.h"
#include "reason.h"
#include "report.h"
#include "schedule.h"
#include "view.h"


static void destructor(void *arg)
{
	struct asked *asked = arg;

	server_reset(&asked->server);
	mem_deref(asked->text);
}


static void finish(struct line *line, int err, const char *what)
{
	struct asked *asked = line->asked;
	ask_h *h = asked->h;

	asked->pending  = false;
	asked->answered = !err;
	asked->time     = (int64_t)time(NULL);
	asked->h        = NULL;
	asked->text     = mem_deref(asked->text);
	(void)re_sdprintf(&asked->text, "%s: %s", asked->server.uri, what);

	report_test(line, asked->text ? asked->text : what);

	if (h)
		h(err, asked->text ? asked->text : what, asked->arg);
}


static void question_handler(const struct question_end *end, void *arg)
{
	struct line *line = arg;
	char answer[REASON_SIZE], what[2 * REASON_SIZE];

	if (end->msg) {
		foreign_answer(answer, sizeof(answer), NULL, end->msg->scode,
			       end->msg->reason.p, end->msg->reason.l);
		(void)re_snprintf(what, sizeof(what), "%s in %llu ms", answer,
				  (unsigned long long)end->took_ms);
	}
	else if (end->err == ETIMEDOUT) {
		view_unanswered(what, sizeof(what), "REGISTER", end->sent,
				end->took_ms);
	}
	else {
		(void)re_snprintf(answer, sizeof(answer), "%m", end->err);
		reason_describe(&line->asked->server, answer, what,
				sizeof(what));
	}

	finish(line, end->err, what);
}


/**
 * Send a request to a server with an account's credentials. It changes
 * nothing, whatever the result is.
 *
 * @param line Line, managed or not
 * @param uri  URI of the server
 * @param h    Called once, now or later; may be NULL
 * @param arg  Handler argument
 *
 * @return 0 if it was sent; EBUSY if another test is under way, otherwise an
 *         error for which server_refusal() has a sentence. After an error the
 *         handler is not called.
 */
int ask_start(struct line *line, const char *uri, ask_h *h, void *arg)
{
	struct asked *asked;
	struct server srv;
	struct pl pl;
	int err;

	if (line->asked && line->asked->pending)
		return EBUSY;

	pl_set_str(&pl, uri);
	err = server_decode(&srv, &pl);
	asked = err ? NULL : mem_zalloc(sizeof(*asked), destructor);
	if (!asked) {
		server_reset(&srv);
		return err ? err : ENOMEM;
	}

	mem_deref(line->asked);
	line->asked    = asked;
	asked->server  = srv;
	asked->h       = h;
	asked->arg     = arg;
	asked->pending = true;

	/* not read yet for an unmanaged account */
	if (line->unmanaged)
		config_apply(line);

	err = question_send(line->acc, srv.uri,
			    schedule_giveup_ms(&line->set, false),
			    question_handler, line);
	if (err) {
		const struct question_end end = { .err = err };

		question_handler(&end, line);
	}

	return 0;
}


/**
 * The account goes: tell the handler of a pending test
 *
 * @param line Line
 */
void ask_forget(struct line *line)
{
	struct asked *asked = line->asked;

	question_forget(line);
	line->asked = NULL;

	if (asked && asked->h)
		asked->h(ECANCELED, "the account is gone", asked->arg);

	mem_deref(asked);
}


/** Call no handler any more */
void ask_close(void)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next)
		ask_forget(le->data);
}
