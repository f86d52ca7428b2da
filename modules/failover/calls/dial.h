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
#include "timer.h"

struct line;
struct renumber;

enum dial_state {
	DIAL_TRYING,                 /**< INVITE sent, no answer yet         */
	DIAL_ANSWERED,               /**< The server works on it             */
	DIAL_WAITING,                /**< For the account to be registered   */
};

struct dial {
	struct le le;
	struct attempt att;
	struct timer tmr_watch;      /**< It has an end, whatever happens    */
	struct line *line;
	struct call *call;           /**< Not referenced; NULL: to be placed */
	enum dial_state state;
	char *peer;
	char *from;                  /**< Local URI                          */
	char *callid;                /**< Of the INVITE, NULL: not seen yet  */
	char *old_callid;            /**< Of the one before, to be told      */
	bool video;
	bool announced;              /**< By CALL_OUTGOING, or placed by us  */
	bool untold;                 /**< Moved, and its Call-ID not known   */
};

const struct list *dial_list(void);
struct dial *dial_alloc(struct line *line, struct call *call, timer_h *h);
void dial_drop(struct dial *dial);
bool dial_is_gone(const struct dial *dial);
struct dial *dial_find(const struct call *call);
struct dial *dial_find_callid(const struct line *line,
			      const struct pl *callid);
struct dial *dial_find_announced(const struct line *line);
void dial_renumber(const struct line *line, const struct renumber *rn);
void dial_forget(const struct line *line);

#endif
