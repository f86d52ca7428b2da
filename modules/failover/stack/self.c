/**
 * @file self.c  SIP messages from us to libre, by way of its own socket
 *
 * libre has no call that handles a message as if it had been received. But
 * it has a UDP socket, and a packet may come to that from this machine.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "self.h"


enum {
	MESSAGE_SIZE = 1024,
};

static const char *const hostv[] = { "127.0.0.1", "::1" };


/* Of libre's UDP socket of one address family */
static bool own_address(struct sa *addr, const char *host)
{
	struct sa dst;

	if (!uag_sip() || sa_set_str(&dst, host, 1) ||
	    sip_transp_laddr(uag_sip(), addr, SIP_TRANSP_UDP, &dst))
		return false;

	/* bound to any address: itself is as good as another */
	if (sa_is_any(addr)) {
		sa_set_port(&dst, sa_port(addr));
		*addr = dst;
	}

	return true;
}


static bool send_to(const struct sa *addr, self_write_h *writeh,
		    const void *arg)
{
	struct mbuf *mb = mbuf_alloc(MESSAGE_SIZE);
	bool sent = false;

	if (mb && !writeh(mb, addr, arg)) {
		mb->pos = 0;
		sent = !udp_send_anon(addr, mb);
	}

	mem_deref(mb);

	return sent;
}


/**
 * Send a message to libre's SIP stack, once
 *
 * @param writeh Writes the message
 * @param arg    Its argument
 *
 * @return False if it has no UDP socket, or the message could not be sent
 */
bool self_send(self_write_h *writeh, const void *arg)
{
	struct sa addr;

	for (size_t i = 0; i < RE_ARRAY_SIZE(hostv); i++) {
		if (own_address(&addr, hostv[i]) &&
		    send_to(&addr, writeh, arg))
			return true;
	}

	return false;
}
