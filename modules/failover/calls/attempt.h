/**
 * @file attempt.h  A request on its way through an account's servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ATTEMPT_H
#define FAILOVER_ATTEMPT_H

#include "compat.h"
#include "state.h"
#include "timer.h"

struct line;
struct renumber;

/** A request that is sent to one server after the other */
struct attempt {
	struct timer tmr;            /**< The present server is given up     */
	struct line *line;
	const char *met;             /**< Method                             */
	unsigned server;             /**< Present one, 0: none yet           */
	unsigned tried;              /**< Servers, one bit each              */
	unsigned sends;              /**< Transmissions to the present one   */
	unsigned refusals;           /**< Of the present one, in a row       */
	uint64_t since;              /**< First of them [ms]                 */
	uint64_t due;                /**< When it is given up [ms]           */
	uint64_t unread_since;       /**< ... but for unread answers [ms]    */
	bool urged;                  /**< Another round was asked for        */
	timer_h *h;                  /**< Called when it is given up         */
	void *arg;
};

void attempt_init(struct attempt *att, struct line *line, const char *met,
		  timer_h *h, void *arg);
void attempt_start(struct attempt *att, unsigned server);
void attempt_stop(struct attempt *att);
bool attempt_resume(struct attempt *att);
bool attempt_is_alive(const struct attempt *att);
enum verdict attempt_unanswered(struct attempt *att);
void attempt_refused(struct attempt *att, const struct sip_msg *msg);
bool attempt_renumber(struct attempt *att, const struct renumber *rn);
bool attempt_is_tried(const struct attempt *att, unsigned server);
bool attempt_may_go(const struct attempt *att);
bool attempt_may_wait(struct attempt *att);
void attempt_forget(struct attempt *att);
bool attempt_is_last(const struct attempt *att);
bool attempt_is_listed(const struct attempt *att, const struct sip_msg *msg);
bool attempt_is_challenge(const struct sip_msg *msg);
bool attempt_is_due(const struct attempt *att);
bool attempt_lost_socket(struct attempt *att);
bool attempt_is_stranded(struct attempt *att);

#endif
