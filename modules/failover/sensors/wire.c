/**
 * @file wire.c  What goes over the wire for our accounts
 *
 * Baresip sends no event for a refresh or a retransmission, and nobody hears
 * how a de-registration by libre's destructor has ended. So each message is
 * seen here and handed to the files that need it.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "bye.h"
#include "certificate.h"
#include "clock.h"
#include "dialog.h"
#include "evidence.h"
#include "filter.h"
#include "glance.h"
#include "line.h"
#include "line_find.h"
#include "orphan.h"
#include "packet.h"
#include "plain.h"
#include "sent.h"
#include "stall.h"
#include "subscription.h"
#include "trace.h"
#include "txn.h"
#include "unwanted.h"
#include "verify.h"
#include "wire.h"
#include "wire_answer.h"
#include "wire_request.h"
#include "withhold.h"


static void request_received(const struct sip_msg *msg, enum sip_transp tp,
			     const struct sa *src)
{
	struct line *line;

	if (plain_is(&msg->met, "BYE")) {
		bye_received(msg);
		return;
	}

	if (plain_is(&msg->met, "NOTIFY")) {
		subscription_notified(msg);
		return;
	}

	if (!plain_is(&msg->met, "INVITE") || pl_isset(&msg->to.tag))
		return;

	line = line_find_called(msg);
	if (line)
		dialog_invited(line, msg, tp, src);
}


/* Nothing is sent to a server whose certificate cannot be verified. No request
   was sent, so this is not a failure to answer: the server cannot be used. */
static void refuse_tls(const struct glance *g, const struct sa *dst)
{
	struct line *line = g->req ? line_find_sent(g) : NULL;
	unsigned server;

	if (!line)
		return;

	server = line_server_of(line, line->client,
				pl_isset(&g->route) ? &g->route : NULL,
				SIP_TRANSP_TLS, dst);
	if (server)
		evidence_failed(line, server, EVIDENCE_ERROR, clock_ms(),
				"its certificate cannot be verified");
}


static void answer_sent(const struct glance *g)
{
	if (g->scode >= 200 && plain_is(&g->met, "INVITE"))
		dialog_accepted(g);
}


/* Answers to strangers above all */
static bool is_of_no_concern(const char *p, size_t len)
{
	return dialog_is_accepting() ? glance_is_provisional(p, len) :
		glance_is_answer(p, len);
}


static bool sent_handler(enum sip_transp tp, const struct sa *dst,
			 const uint8_t *pkt, size_t len)
{
	const bool refused = tp == SIP_TRANSP_TLS && certificate_is_blind() &&
		verify_is_wanted();
	struct sent sent;
	bool kept = refused;

	if (!refused && is_of_no_concern((const char *)pkt, len))
		return false;

	if (!sent_read(&sent, pkt, len))
		return refused;

	if (sent.g.req && !refused)
		kept = wire_request_sent(&sent, tp, dst);
	else if (sent_parties(&sent) && refused)
		refuse_tls(&sent.g, dst);
	else if (sent.parties)
		answer_sent(&sent.g);

	sent_reset(&sent);

	return kept;
}


static bool received_handler(enum sip_transp tp, const struct sa *src,
			     struct sip_msg *msg)
{
	stall_heard(tp, src);

	if (!msg->req)
		return wire_answer_received(msg, src);

	filter_received(msg, src);
	request_received(msg, tp, src);

	return false;
}


/**
 * Begin to watch
 *
 * @return 0 if success, otherwise errorcode
 */
int wire_open(void)
{
	int err;

	packet_open();

	err = trace_open(sent_handler, received_handler);
	if (err)
		return err;

	/* without it a de-registration is sent, and the binding renewed */
	if (withhold_open(unwanted_withhold))
		info("failover: cannot keep back what libre sends\n");

	return 0;
}


/** Watch no more */
void wire_close(void)
{
	trace_close();
	packet_close();
	withhold_close();
	txn_close();
	orphan_close();
	filter_close();
}
