/**
 * @file api.h  The paths of the server, and their functions
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_API_H
#define FAILOVER_API_H

#include "web.h"

struct api;
struct form;
struct httpd_conn;

/** A request that guard.c has accepted */
struct api_request {
	struct httpd_conn *conn;
	const struct http_msg *msg;
	const struct web_ops *ops;
	const char *token;           /**< For the page                       */
	const struct form *form;     /**< Its body, or the path's parameters */
};

void api_handle(const struct api_request *req);

#endif
