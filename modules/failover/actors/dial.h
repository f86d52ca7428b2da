/**
 * @file dial.h  A call that is not answered yet
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DIAL_H
#define FAILOVER_DIAL_H

#include "attempt.h"
#include "compat.h"

struct line;

enum dial_state {
	DIAL_TRYING,                 /**< INVITE sent, no answer yet         */
	DIAL_ANSWERED,               /**< The server works on it             */
	DIAL_WAITING,                /**< For the account to be registered   */
};

struct dial {
	struct le le;
	struct attempt att;
	struct line *line;
	struct call *call;           /**< Not referenced; NULL: to be placed */
	enum dial_state state;
	char *peer;
	char *from;                  /**< Local URI                          */
	char *callid;                /**< Of the INVITE, NULL: not seen yet  */
	char *old_callid;            /**< Of the one before, to be told      */
	bool video;
	bool announced;              /**< By CALL_OUTGOING                   */
};

/* dial: what is heard of it */
const struct list *dial_list(void);

/* redial: its way through the servers */
bool dial_is_gone(const struct dial *dial);
void dial_silence(struct dial *dial);
void dial_abandon(struct dial *dial);
struct dial *dial_being_placed(void);

#endif
