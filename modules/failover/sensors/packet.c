/**
 * @file packet.c  What becomes of the packets that carry SIP
 *
 * An ICMP message counts if it is about a request that waits for its first
 * answer, went to that address, and is quoted with its branch. Who is not on
 * the path may know the addresses, but has never seen the branch. A router
 * that quotes less than that is not believed: there, silence tells.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "evidence.h"
#include "icmp.h"
#include "packet.h"
#include "path.h"
#include "question.h"
#include "txn.h"


static void icmp_handler(const struct sa *dst, int err,
			 const struct pl *quote)
{
	struct txn *txn = txn_find_packet(quote);
	const char *reason;

	if (!txn)
		question_undelivered(quote, err);

	if (!txn || txn->tp != SIP_TRANSP_UDP ||
	    txn->kind == KIND_DEREGISTER || txn->answered ||
	    (txn->unwanted && !txn->detoured) ||
	    !sa_cmp(&txn->dst, dst, SA_ALL))
		return;

	switch (err) {

	case ECONNREFUSED:
		reason = "nobody listens on that port"
			 " (ICMP port unreachable)";
		break;

	case EHOSTUNREACH:
	case ENETUNREACH:
		reason = HOST_UNREACHABLE;
		break;

	default:
		return;
	}

	evidence_unreachable(txn->line, txn->server, &txn->dst, txn->since,
			     reason);
}


/** Begin to hear of it */
void packet_open(void)
{
	icmp_open(icmp_handler);
}


/** Hear no more */
void packet_close(void)
{
	icmp_close();
}
