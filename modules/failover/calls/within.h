/**
 * @file within.h  Requests within a dialog, other than BYE
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WITHIN_H
#define FAILOVER_WITHIN_H

#include "attempt.h"
#include "compat.h"
#include "detour.h"
#include "timer.h"

struct dialog;
struct line;
struct renumber;
struct sent;
struct txn;

enum within_state {
	WITHIN_SENT,                 /**< To the dialog's own server         */
	WITHIN_WAITING,              /**< For the account to be registered   */
	WITHIN_DETOUR,               /**< Through another server             */
	WITHIN_LISTENING,            /**< 481: does media flow?              */
	WITHIN_ANSWERED,             /**< Kept for what comes again          */
};

/** A request within a dialog */
struct within {
	struct le le;
	struct le he;                /**< By branch                          */
	struct attempt att;
	struct sa dst;               /**< Where libre sends it               */
	struct line *line;
	struct sip_msg *msg;         /**< As libre has sent it               */
	char *branch;
	char *met;
	enum within_state state;
	bool detoured;               /**< It has gone through another server */
	struct detour det;           /**< ... this way                       */
	struct mbuf *pkt;            /**< ... printed so                     */
	struct mbuf *ack;            /**< ... and its ACK                    */
	struct timer tmr_again;      /**< UDP: to be sent again              */
	uint32_t again_ms;
	struct timer tmr;            /**< What the state waits for           */
	struct timer tmr_end;        /**< libre's time-out is near           */
	unsigned challenges;         /**< Of the present server              */
	uint64_t since;              /**< When libre sent it [ms]            */
};

const struct list *within_list(void);
struct within *within_find(const struct pl *branch, const char *met);
bool within_sent(struct txn *txn, struct sent *sent, enum sip_transp tp,
		 bool again);
bool within_can_withhold(const struct within *w, enum sip_transp tp);
int  within_begin_detour(struct within *w, const struct dialog *dlg,
			 unsigned server);
int  within_send_detour(struct within *w, struct dialog *dlg,
			unsigned server);
int  within_send(const struct within *w, struct mbuf *pkt);
void within_give_up(struct within *w);
void within_end(struct within *w);
void within_refuse(struct within *w, const char *reason);
void within_run(struct line *line);
void within_renumber(const struct line *line, const struct renumber *rn);
void within_forget(const struct line *line);

#endif
