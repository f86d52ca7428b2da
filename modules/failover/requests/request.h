/**
 * @file request.h  A REGISTER or OPTIONS of our own
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REQUEST_H
#define FAILOVER_REQUEST_H

#include "compat.h"

struct account;
struct line;
struct request;

typedef void (request_h)(int err, const struct sip_msg *msg, void *arg);

int request_registrar(char **urip, const struct account *acc);
int request_register(struct request **reqp, struct line *line,
		     unsigned server, const char *contact, uint64_t ms,
		     request_h *h, void *arg);
int request_deregister(struct request **reqp, struct line *line,
		       unsigned server, const char *contact, request_h *h,
		       void *arg);
int request_options(struct request **reqp, struct line *line,
		    unsigned server, uint64_t ms, request_h *h, void *arg);
uint64_t request_took_ms(const struct request *req);
unsigned request_sends(const struct request *req);
bool request_is_sent(const struct request *req);
bool request_is_own(const struct pl *callid);

#endif
