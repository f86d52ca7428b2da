/**
 * @file httpd.h  A small HTTP/1.1 server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_HTTPD_H
#define FAILOVER_HTTPD_H

#include "compat.h"

struct httpd;
struct httpd_conn;

/**
 * Handles a request. Answers it now, or keeps a reference to the connection
 * and answers later.
 *
 * @param conn Connection
 * @param msg  Request
 * @param body Its body, empty if it has none
 * @param arg  Handler argument
 */
typedef void (httpd_req_h)(struct httpd_conn *conn,
			   const struct http_msg *msg, const struct pl *body,
			   void *arg);

int  httpd_alloc(struct httpd **httpdp, httpd_req_h *reqh, void *arg);
int  httpd_listen(struct httpd *httpd, const struct sa *laddr,
		  struct tls *tls);
void httpd_unlisten(struct httpd *httpd);

#endif
