/**
 * @file silence.c  Requests that are not answered
 *
 * A request has a time, after which its server is given up for it, and a time
 * after which libre has given it up. Over TCP and TLS what became of the
 * connection is looked at meanwhile.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clock.h"
#include "connection.h"
#include "evidence.h"
#include "line.h"
#include "probe.h"
#include "registering.h"
#include "schedule.h"
#include "silence.h"
#include "stall.h"
#include "txn.h"
#include "unread.h"


enum {
	MEMORY_MS = 3600 * 1000,     /**< A stopped server may yet wake up   */
};


static void forget_handler(void *arg)
{
	mem_deref(arg);
}


/* No final answer ever came. A de-registration that was sent may have removed
   the binding all the same: its answer or the connection was lost. Or it waits
   in the socket of a server that is stopped, and will remove it later. */
static void expired_handler(void *arg)
{
	struct txn *txn = arg;

	if (txn->kind != KIND_DEREGISTER || txn->withheld) {
		mem_deref(txn);
		return;
	}

	timer_start(&txn->tmr, MEMORY_MS, forget_handler, txn);
	registering_undone(txn->line);
}


/**
 * A de-registration has a final answer. Another copy of it may yet be handled:
 * see wire_answer.c.
 *
 * @param txn Transaction, which ends by itself
 */
void silence_unregistered(struct txn *txn)
{
	txn_end(txn);
	timer_start(&txn->tmr, TXN_LIFETIME_MS, forget_handler, txn);
}


static void giveup_handler(void *arg)
{
	struct txn *txn = arg;
	const bool invite = !strcmp(txn->met, "INVITE");
	const uint64_t due = txn->since +
		schedule_giveup_ms(&txn->line->set, invite);

	/* not all of it was sent */
	if (txn->unwanted && !txn->detoured)
		return;

	if (unread_wait(&txn->unread_since, txn->line, txn->server, due)) {
		timer_start(&txn->tmr_giveup, UNREAD_MS, giveup_handler, txn);
		return;
	}

	if (clock_is_late(due))
		return;

	if (evidence_is_far_end(txn->line, txn->server, txn->met, txn->since))
		return;

	if (evidence_unanswered(txn->line, txn->server, txn->met, txn->sends,
				txn->since) != VERDICT_VOID)
		txn_note_silence(txn);
}


/* libre does not tell the sender of a request that its connection has ended,
   and a dead connection does not end. So at the times of a retransmission over
   UDP, see whether the connection is there. If not, that counts as a 503 (RFC
   3261 section 8.1.3.1). If the server does not acknowledge what was sent, see
   whether it accepts another connection. */
static void probe_handler(void *arg)
{
	struct txn *txn = arg;

	txn->probe_ms *= 2;
	timer_start(&txn->tmr_probe, txn->probe_ms, probe_handler, txn);

	if (clock_has_jumped())
		return;

	if (clock_ms() - txn->since >=
	    schedule_giveup_ms(&txn->line->set, false))
		stall_end(txn->line, txn->server);

	switch (connection_state(&txn->dst)) {

	case CONNECTION_NONE:
		/* the server may have answered before it closed it */
		if (unread_is(txn->line, txn->server))
			break;

		evidence_failed(txn->line, txn->server, EVIDENCE_ERROR,
				txn->since, "connection lost");
		break;

	case CONNECTION_UNHEARD:
		probe_address(txn->line, txn->server, &txn->dst, txn->since);
		break;

	case CONNECTION_HEARD:
		break;
	}
}


/**
 * A request is on the wire for the first time: watch what becomes of it
 *
 * @param txn Transaction
 */
void silence_watch(struct txn *txn)
{
	const bool invite = !strcmp(txn->met, "INVITE");

	timer_start(&txn->tmr, TXN_LIFETIME_MS, expired_handler, txn);

	/* the others are followed by calls/, with times of their own */
	if (txn->kind == KIND_OTHER)
		timer_start(&txn->tmr_giveup,
			    schedule_giveup_ms(&txn->line->set, invite),
			    giveup_handler, txn);

	if (txn->tp != SIP_TRANSP_UDP && txn->kind != KIND_DEREGISTER) {
		txn->probe_ms = T1_MS;
		timer_start(&txn->tmr_probe, txn->probe_ms, probe_handler, txn);
	}
}
