/**
 * @file question.h  Would a server take an account?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_QUESTION_H
#define FAILOVER_QUESTION_H

#include "compat.h"

struct account;

/** What has become of a question */
struct question_end {
	int err;                     /**< Why there is no answer, or 0       */
	const struct sip_msg *msg;   /**< Final answer, NULL if there is none*/
	uint64_t took_ms;            /**< From the latest request to the end */
	bool sent;                   /**< ... which was sent, or about to be */
};

typedef void (question_h)(const struct question_end *end, void *arg);

int  question_send(struct account *acc, const char *uri, uint64_t ms,
		   question_h *h, void *arg);
void question_forget(const void *arg);
bool question_is(const struct pl *callid);
void question_undelivered(const struct pl *quote, int err);
void question_close(void);

#endif
