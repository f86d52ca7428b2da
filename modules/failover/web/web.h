/**
 * @file web.h  The page and its interface for programs
 *
 * Knows HTTP but no accounts. A table of functions supplies what the page
 * shows and does.
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

/** Address of the page, and who may see it */
struct web_conf {
	struct sa laddr;
	const char *cert;            /**< PEM file: https; NULL: http        */
	const char *user;            /**< NULL: anybody, on loopback only    */
	const char *password;
};

/** Why the page cannot be served */
enum web_fault {
	WEB_NO_PASSWORD,             /**< Not on loopback, and no password   */
	WEB_CERT,                    /**< Key or certificate cannot be read  */
	WEB_ADDRESS,                 /**< Address or port cannot be used     */
};

/** What a command is about; a text that the client did not send is empty */
struct web_order {
	const char *aor;
	const char *server;
	const char *uri;
	const char *state;
};

/** A key of POST /api/set, its new value, and the error */
struct web_change {
	const char *key;
	const char *val;
	char error[WEB_ERROR_SIZE];  /**< Empty: no error                    */
};

/**
 * Runs a command, and prints a sentence with the result
 *
 * @param pf    Print function
 * @param order Command
 *
 * @return 0 if success, ENOENT if there is no such account or server,
 *         otherwise another errorcode
 */
typedef int (web_order_h)(struct re_printf *pf, const struct web_order *order);

/** Called when a test ends; err is 0 if the server has answered */
typedef void (web_tested_h)(int err, const char *text, void *arg);

/**
 * Functions of the page. If one is NULL, its path answers 404 and the page
 * does not offer it.
 *
 * Long answers are requested account by account, so each call is short.
 */
struct web_ops {
	/** Account by its number from 0, or NULL; and the one after it */
	const struct line *(*account)(unsigned i);
	const struct line *(*next)(const struct line *line);

	/** Print an account's status, as failover_json does */
	int (*status)(struct re_printf *pf, const struct line *line);

	/** Print an account's samples of a family of metrics. For NULL, print
	    the head of the family and its samples without account */
	int (*metrics)(struct re_printf *pf, unsigned family,
		       const struct line *line);
	unsigned familyc;            /**< Families of metrics                */

	/** Print an account's servers and settings as members of a JSON
	    object; ENOENT if there is no such account */
	int (*config)(struct re_printf *pf, const char *aor);

	/** Apply all changes or, if one is wrong, none, and tell which one */
	int (*set)(struct re_printf *pf, const char *aor,
		   struct web_change *changev, size_t changec);

	/** Ask a server, and call the handler once, now or later. After an
	    error the handler is not called */
	int (*test)(const struct web_order *order, web_tested_h *h,
		    void *arg);

	web_order_h *diff;
	web_order_h *save;
	web_order_h *move;           /**< POST /api/switch                   */
	web_order_h *probe;
	web_order_h *maintenance;
};

int  web_alloc(struct web **webp, const struct web_ops *ops);
int  web_read_cert(struct tls **tlsp, const char *cert);
int  web_listen(struct web *web, const struct web_conf *conf,
		enum web_fault *fault);
void web_unlisten(struct web *web);

#endif
