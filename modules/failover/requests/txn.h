/**
 * @file txn.h  Client transactions of our accounts
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TXN_H
#define FAILOVER_TXN_H

#include "compat.h"
#include "timer.h"

struct line;
struct renumber;
struct sent;

enum {
	TXN_LIFETIME_MS = 32000 + 500,/**< 64*T1, and libre's own timer first*/
};

/** What a transaction is to us */
enum kind {
	KIND_REGISTER,               /**< Baresip's registration             */
	KIND_DEREGISTER,             /**< A binding is being removed         */
	KIND_INVITE,                 /**< A call is being set up             */
	KIND_BYE,                    /**< ... hung up                        */
	KIND_DIALOG,                 /**< Within a dialog, but for BYE       */
	KIND_OTHER,                  /**< Evidence if it is not answered     */
};

/** A client transaction of Baresip's or of ours */
struct txn {
	struct le le;                /**< Of all                             */
	struct le he;                /**< ... by branch                      */
	struct le cle;               /**< ... by Call-ID                     */
	struct le lle;               /**< ... of its line                    */
	struct timer tmr;            /**< libre has given it up by now       */
	struct timer tmr_giveup;     /**< KIND_OTHER: so do we               */
	struct timer tmr_probe;      /**< TCP, TLS: is anybody there?        */
	uint32_t probe_ms;           /**< ... and how long that was          */
	struct line *line;
	unsigned server;
	enum kind kind;
	char *branch;
	char *met;
	char *callid;
	bool unwanted;               /**< To be kept off the wire            */
	bool escaped;                /**< ... and it was not, at least once  */
	bool withheld;               /**< ... and all of it was              */
	bool detoured;               /**< Goes through another server        */
	bool refused;                /**< Nobody is where it goes            */
	bool answered;
	bool ended;                  /**< libre has its final answer         */
	unsigned sends;
	enum sip_transp tp;
	struct sa dst;
	struct mbuf *invite;         /**< KIND_INVITE: as sent               */
	uint64_t since;              /**< First transmission [ms]            */
	uint64_t unread_since;       /**< KIND_OTHER: see unread.c [ms]      */
};

const struct list *txn_list(void);
const struct list *txn_list_callid(const char *callid);
const struct txn *txn_latest(const char *callid);
struct txn *txn_find(const struct pl *branch, const struct pl *met);
struct txn *txn_find_packet(const struct pl *pkt);
struct txn *txn_alloc(struct line *line, unsigned server, enum kind kind,
		      const struct sent *sent, enum sip_transp tp,
		      const struct sa *dst);
void txn_set_unwanted(struct txn *txn);
void txn_detour(struct txn *txn, unsigned server, enum sip_transp tp,
		const struct sa *dst);
void txn_set_passing(bool on);
bool txn_is_passing(void);
void txn_answered(struct txn *txn);
void txn_end(struct txn *txn);
void txn_note_silence(struct txn *txn);
bool txn_is_waiting(const struct line *line, unsigned server, uint64_t *since);
bool txn_is_deregistering(const struct line *line);
void txn_renumber(const struct line *line, const struct renumber *rn);
void txn_forget(const struct line *line);
void txn_close(void);

#endif
