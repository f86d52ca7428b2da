/**
 * @file bye.h  Calls that are being hung up
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_BYE_H
#define FAILOVER_BYE_H

#include "attempt.h"
#include "compat.h"
#include "timer.h"

struct dialog;
struct glance;
struct line;
struct renumber;

enum bye_state {
	BYE_SENT,                    /**< By libre, or by us                 */
	BYE_WAITING,                 /**< For the account to be registered   */
};

/** A call that is being hung up */
struct bye {
	struct le le;
	struct attempt att;
	struct dialog *dlg;
	enum bye_state state;
	unsigned challenges;         /**< Of the present server              */
	bool provisional;            /**< It has answered 1xx                */
	bool passed_on;              /**< It lives, and could not help       */
	struct timer tmr;            /**< libre's ought to be sent by then   */
	struct sip_request *req;     /**< Ours, NULL: libre's                */
	struct sip_auth *auth;
};

const struct list *bye_list(void);
void bye_sent(struct dialog *dlg, const struct glance *g, bool via_server,
	      bool again);
void bye_answered(const struct sip_msg *msg, const struct sa *src);
void bye_received(const struct sip_msg *msg);
void bye_closed(const struct line *line, struct call *call);
bool bye_is_unavailable(struct bye *bye, const struct sip_msg *msg);
bool bye_is_passed_on(struct bye *bye, const struct sip_msg *msg);
void bye_unanswered(struct bye *bye);
void bye_give_up(struct bye *bye);
void bye_renumber(const struct line *line, const struct renumber *rn);
void bye_forget(const struct line *line);

#endif
