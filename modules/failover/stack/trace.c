/**
 * @file trace.c  Shares libre's single SIP trace handler
 *
 * `baresip -s`, and `siptrace` of newer versions, set the same handler that we
 * need. libre can set it, but cannot return it. So we find its offset in
 * struct sip with a struct of our own, and read it there. Any other handler
 * that is set, now or later, is called beside ours, and sees the messages on
 * the wire. See docs/libre.md.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include <string.h>
#include "compat.h"
#include "glance.h"
#include "conn_ref.h"
#include "icmp.h"
#include "sent.h"
#include "sockets.h"
#include "trace.h"
#include "withhold.h"


enum {
	MAX_WORDS = 512,             /**< Far more than struct sip has       */
	HASH_SIZE = 1,               /**< For the struct of our own          */
	FOREIGN   = '-',             /**< In no branch that libre makes      */
};

static struct {
	trace_sent_h *senth;
	trace_received_h *recvh;
	sip_trace_h *next;           /**< Baresip's handler, or NULL         */
	size_t offset;               /**< Of the handler, 0: not found       */
	struct sip_lsnr *lsnr;
	bool foreign;                /**< This answer is not for libre       */
	bool shared;                 /**< Baresip may set it later           */
} trace;


/* libre has decoded the received message: the addresses that it passes are
   fields of that message. To decode it again would cost more than all the
   rest. */
static struct sip_msg *message_received(const struct sa *src,
					const struct sa *dst,
					const uint8_t *pkt, size_t len)
{
	const uintptr_t addr = (uintptr_t)src - offsetof(struct sip_msg, src);
	struct sip_msg *msg = (struct sip_msg *)addr;
	const struct pl pl = { (const char *)pkt, len };

	if ((uintptr_t)dst == addr + offsetof(struct sip_msg, dst) &&
	    msg->mb && pkt >= msg->mb->buf &&
	    pkt + len == msg->mb->buf + msg->mb->end)
		return mem_ref(msg);

	return sent_decode(&pl);
}


/* A request that was dropped while its name was looked up. Newer versions of
   libre still send it, without the end of its headers. Over TCP or TLS the
   server then reads the next request as the rest of this one. */
static bool is_cut_short(enum sip_transp tp, const uint8_t *pkt, size_t len)
{
	return tp != SIP_TRANSP_UDP && len &&
		!glance_is_whole((const char *)pkt, len);
}


/* In place of a message goes a provisional response to nothing, as long as the
   message. A server drops it (RFC 3261 sections 16.7 and 18.1.2). It ignores
   empty lines as well (section 7.5), but answers each pair of them as a
   keep-alive (RFC 5626 section 3.5.1), libre answers pairs of these answers,
   and Kamailio takes what is left for the beginning of a message. The packet
   is a buffer of libre, and const only for us. */
static void make_void(const uint8_t *pkt, size_t len)
{
	static const char begin[] =
		"SIP/2.0 100 Void\r\n"
		"Via: SIP/2.0/TCP 0.0.0.0;branch=z9hG4bK-void\r\n"
		"From: <sip:0.0.0.0>;tag=void\r\n"
		"To: <sip:0.0.0.0>\r\n"
		"Call-ID: void\r\n"
		"CSeq: 1 OPTIONS\r\n"
		"Content-Length: 0\r\n"
		"Server: ";
	static const char end[] = "\r\n\r\n";
	const size_t begin_len = sizeof(begin) - 1, end_len = sizeof(end) - 1;
	const bool fits = len > begin_len + end_len;
	uint8_t *p = (uint8_t *)(uintptr_t)pkt;

	memset(p, fits ? '-' : '\n', len);
	if (fits)
		memcpy(p, begin, begin_len);
	if (len >= end_len)
		memcpy(p + len - end_len, end, end_len);
}


/* libre matches responses by branch, and the decoded message points into this
   packet. A new branch matches another request, or none. */
static void set_branch(const uint8_t *pkt, size_t len,
		       const struct sip_msg *msg, bool foreign)
{
	const struct pl *branch = &msg->via.branch;
	const char *end = (const char *)msg->mb->buf + msg->mb->end;
	char *p;

	if (msg->req || !branch->l)
		return;

	p = (char *)(uintptr_t)pkt + len - (end - branch->p);

	/* the same text, unless the message was decoded again */
	memmove(p, branch->p, branch->l);

	if (foreign)
		p[branch->l - 1] = FOREIGN;

	trace.foreign = foreign;
}


/* Consume it, or libre would warn about it */
static bool foreign_handler(const struct sip_msg *msg, void *arg)
{
	const bool foreign = trace.foreign;
	(void)msg;
	(void)arg;

	trace.foreign = false;

	return foreign;
}


static void show(bool tx, enum sip_transp tp, const struct sa *src,
		 const struct sa *dst, const uint8_t *pkt, size_t len,
		 void *arg)
{
	if (trace.next)
		trace.next(tx, tp, src, dst, pkt, len, arg);
}


static void sent(enum sip_transp tp, const struct sa *src,
		 const struct sa *dst, const uint8_t *pkt, size_t len,
		 void *arg)
{
	bool hidden;

	/* a socket may have been opened anew, without an event */
	if (tp == SIP_TRANSP_UDP && !icmp_expect(src))
		(void)sockets_fd(dst);

	if (is_cut_short(tp, pkt, len)) {
		make_void(pkt, len);
		return;
	}

	hidden = trace.senth(tp, dst, pkt, len);

	if (tp == SIP_TRANSP_UDP)
		withhold_pass(hidden ? NULL : pkt, len);
	else if (hidden)
		make_void(pkt, len);

	if (!hidden)
		show(true, tp, src, dst, pkt, len, arg);
}


/* The other handler sees it before it is handled */
static void received(enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, const uint8_t *pkt, size_t len,
		     void *arg)
{
	struct sip_msg *msg = message_received(src, dst, pkt, len);

	trace.foreign = false;

	if (!msg || !sockets_is_knock(msg)) {

		show(false, tp, src, dst, pkt, len, arg);

		conn_ref_look();
		if (msg && msg->req)
			conn_ref_received(msg);
		if (msg)
			set_branch(pkt, len, msg, trace.recvh(tp, src, msg));
	}

	mem_deref(msg);
}


static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt,
			  size_t len, void *arg)
{
	if (tx)
		sent(tp, src, dst, pkt, len, arg);
	else
		received(tp, src, dst, pkt, len, arg);
}


static sip_trace_h *slot_read(const struct sip *sip, size_t offset)
{
	sip_trace_h *h;

	memcpy(&h, (const char *)sip + offset, sizeof(h));

	return h;
}


/* Our handler is in the struct, so the search ends within it */
static size_t slot_find(const struct sip *sip)
{
	for (size_t i = 1; i < MAX_WORDS; i++) {

		const size_t offset = i * sizeof(sip_trace_h *);

		if (slot_read(sip, offset) == trace_handler)
			return offset;
	}

	return 0;
}


static size_t slot_offset(void)
{
	struct sip *sip;
	size_t offset;

	if (sip_alloc(&sip, NULL, HASH_SIZE, HASH_SIZE, HASH_SIZE, NULL, NULL,
		      NULL))
		return 0;

	sip_set_trace_handler(sip, trace_handler);
	offset = slot_find(sip);
	mem_deref(sip);

	return offset;
}


/* Set our handler, and remember the one before */
static void slot_take(void)
{
	sip_trace_h *h = trace.offset ?
		slot_read(uag_sip(), trace.offset) : NULL;

	if (h == trace_handler)
		return;

	trace.next = h;
	sip_set_trace_handler(uag_sip(), trace_handler);
}


/**
 * Called at every event: if Baresip has set another handler, or none, set ours
 * again. Nothing tells when it does so, and a timer would wake an idle phone.
 */
void trace_check(void)
{
	if (trace.shared && uag_sip())
		slot_take();
}


/**
 * See every SIP message that is sent or received
 *
 * @param senth Called before libre sends a message
 * @param recvh Called before libre handles a message
 *
 * @return 0 if success, otherwise errorcode
 */
int trace_open(trace_sent_h *senth, trace_received_h *recvh)
{
	if (!uag_sip())
		return EINVAL;

	trace.senth  = senth;
	trace.recvh  = recvh;
	trace.next   = NULL;
	trace.offset = slot_offset();

	slot_take();

	(void)sip_listen(&trace.lsnr, uag_sip(), false, foreign_handler, NULL);

	/* only versions of Baresip with this command change the handler
	   later */
	trace.shared = trace.offset &&
		cmd_find_long(baresip_commands(), "siptrace");

	return 0;
}


/** Stop seeing messages */
void trace_close(void)
{
	conn_ref_close();
	trace.shared = false;
	trace.lsnr = mem_deref(trace.lsnr);

	if (uag_sip() && trace.offset &&
	    slot_read(uag_sip(), trace.offset) == trace_handler)
		sip_set_trace_handler(uag_sip(), trace.next);
}
