/**
 * @file inject.c  Responses that we send to libre ourselves
 *
 * libre has no call that ends a client transaction with a response. But it
 * matches a response only by branch and method (RFC 3261 section 17.1.3), from
 * any source and over any transport. So this machine sends one to the phone's
 * own UDP port.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "inject.h"


enum {
	AFC = 2,
	MESSAGE_SIZE = 1024,
};


static int own_address(struct sa *addr)
{
	static const char *hostv[AFC] = {"127.0.0.1", "::1"};
	struct sa host;

	for (unsigned i = 0; i < AFC; i++) {

		if (sa_set_str(&host, hostv[i], 1) ||
		    sip_transp_laddr(uag_sip(), addr, SIP_TRANSP_UDP, &host))
			continue;

		/* bound to any address: use this one */
		if (sa_is_any(addr)) {
			sa_set_port(&host, sa_port(addr));
			*addr = host;
		}

		return 0;
	}

	return EPROTONOSUPPORT;
}


/**
 * Send libre a message through its own socket
 *
 * @param writeh Writes the message
 * @param arg    Its argument
 *
 * @return 0 if success, EPROTONOSUPPORT if the phone has no UDP socket,
 *         otherwise errorcode
 */
int inject_message(inject_write_h *writeh, const void *arg)
{
	struct mbuf *mb;
	struct sa addr;
	int err;

	err = own_address(&addr);
	if (err)
		return err;

	mb = mbuf_alloc(MESSAGE_SIZE);
	if (!mb)
		return ENOMEM;

	err = writeh(mb, &addr, arg);
	if (!err) {
		mb->pos = 0;
		err = compat_send_anon(&addr, mb);
	}

	mem_deref(mb);

	return err;
}


struct answer {
	const struct sip_msg *req;
	uint16_t scode;
	const char *reason;
};


static int write_answer(struct mbuf *mb, const struct sa *addr,
			const void *arg)
{
	const struct answer *answer = arg;
	const struct sip_msg *req = answer->req;
	(void)addr;

	return mbuf_printf(mb, "SIP/2.0 %u %s\r\n"
			   "Via: %r\r\n"
			   "To: %r\r\n"
			   "From: %r\r\n"
			   "Call-ID: %r\r\n"
			   "CSeq: %u %r\r\n"
			   "Content-Length: 0\r\n\r\n",
			   answer->scode, answer->reason, &req->via.val,
			   &req->to.val, &req->from.val, &req->callid,
			   req->cseq.num, &req->cseq.met);
}


/**
 * Answer a request that libre is waiting for
 *
 * @param req    Request, as libre has sent it
 * @param scode  Status code, 200 to 699
 * @param reason Reason phrase
 *
 * @return 0 if success, EPROTONOSUPPORT if the phone has no UDP socket,
 *         otherwise errorcode
 */
int inject_response(const struct sip_msg *req, uint16_t scode,
		    const char *reason)
{
	const struct answer answer = { req, scode, reason };

	return inject_message(write_answer, &answer);
}
