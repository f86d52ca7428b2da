/**
 * @file web.h  The page and its interface for programs
 *
 * Knows HTTP, not accounts: what is shown and done comes from a table of
 * functions.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WEB_H
#define FAILOVER_WEB_H

#include "compat.h"

enum {
	WEB_ERROR_SIZE = 160,
};

struct line;
struct web;

/** Where it listens, and who may see it */
struct web_conf {
	struct sa laddr;
	const char *cert;            /**< PEM file: https; NULL: http        */
	const char *user;            /**< NULL: anybody, on loopback only    */
	const char *password;
};

/** What an order is about; a text that the client has not sent is empty */
struct web_order {
	const char *aor;
	const char *server;
	const char *uri;
	const char *state;
};

/** A key of POST /api/set, its new value, and what is wrong with that */
struct web_change {
	const char *key;
	const char *val;
	char error[WEB_ERROR_SIZE];  /**< Empty: nothing                     */
};

/**
 * Carries out an order, and prints a sentence on what became of it
 *
 * @param pf    Print function
 * @param order Order
 *
 * @return 0 if success, ENOENT for an account or server that is not there,
 *         otherwise another errorcode
 */
typedef int (web_order_h)(struct re_printf *pf, const struct web_order *order);

/** Hears of a test's end: err is 0 if the server has answered */
typedef void (web_tested_h)(int err, const char *text, void *arg);

/**
 * What the page shows and does. A function that is NULL is not to be had:
 * 404, and the page does not offer it.
 *
 * Long answers are asked for account by account, so each call is short.
 */
struct web_ops {
	/** An account, counted from 0, or NULL; and the one after it */
	const struct line *(*account)(unsigned i);
	const struct line *(*next)(const struct line *line);

	/** Print an account's status, as failover_json has it */
	int (*status)(struct re_printf *pf, const struct line *line);

	/** Print the samples that an account has of a family of metrics, for
	    NULL the family's head and the samples without account */
	int (*metrics)(struct re_printf *pf, unsigned family,
		       const struct line *line);
	unsigned familyc;            /**< Families of metrics                */

	/** Print an account's servers and settings as members of a JSON
	    object; ENOENT: there is no such account */
	int (*config)(struct re_printf *pf, const char *aor);

	/** Take all changes or, if one is wrong, none and tell which */
	int (*set)(struct re_printf *pf, const char *aor,
		   struct web_change *changev, size_t changec);

	/** Ask a server, and call the handler once, now or later; if an error
	    is returned, the handler is not called */
	int (*test)(const struct web_order *order, web_tested_h *h,
		    void *arg);

	web_order_h *diff;
	web_order_h *save;
	web_order_h *move;           /**< POST /api/switch                   */
	web_order_h *probe;
	web_order_h *maintenance;
};

int web_open(struct web **webp, const struct web_conf *conf,
	     const struct web_ops *ops);

#endif
