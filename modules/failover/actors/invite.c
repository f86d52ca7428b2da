/**
 * @file invite.c  The INVITE of a call of Baresip's
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "failover.h"


/**
 * Has a call gone without an event? Where libre refuses to send, Baresip frees
 * it.
 *
 * @param ua   User agent
 * @param call Call, maybe no longer valid
 *
 * @return True if it has
 */
bool invite_is_gone(const struct ua *ua, const struct call *call)
{
	struct le *le;

	for (le = list_head(ua_calls(ua)); le; le = le->next) {
		if (le->data == call)
			return false;
	}

	return true;
}


/* call_connect() writes over strings of the call that it does not free;
   should a version learn to, our reference is the last one */
static void release(void *str)
{
	if (mem_nrefs(str) > 1)
		mem_deref(str);
	mem_deref(str);
}


/**
 * Send a call's INVITE anew, along the account's outbound proxy of now
 *
 * @param call Call, taken out of its session
 * @param uri  Whom it is to
 *
 * @return 0 if success, otherwise errorcode
 */
int invite_again(struct call *call, const char *uri)
{
	void *id = mem_ref((void *)(intptr_t)call_id(call));
	void *peer = mem_ref((void *)(intptr_t)call_peeruri(call));
	struct pl pl;
	int err;

	pl_set_str(&pl, uri);
	err = call_connect(call, &pl);

	if (id != call_id(call))
		release(id);
	else
		mem_deref(id);

	if (peer != call_peeruri(call))
		release(peer);
	else
		mem_deref(peer);

	return err;
}


/**
 * Does the end of a call mean that its INVITE could not be sent? Anything else
 * is an answer, or the wish of the user.
 *
 * @param text Why it has ended, as Baresip tells it
 *
 * @return True if it is an error of the transport, as libre words it
 */
bool invite_is_error(const char *text)
{
	static const int errv[] = {
		ECONNREFUSED, ECONNRESET, ECONNABORTED, ETIMEDOUT, EPIPE,
		EHOSTUNREACH, ENETUNREACH, ENOTCONN, EDESTADDRREQ, EPROTO,
	};
	char buf[128];

	for (size_t i = 0; i < RE_ARRAY_SIZE(errv); i++) {

		(void)re_snprintf(buf, sizeof(buf), "%m", errv[i]);

		if (!strcmp(text, buf))
			return true;
	}

	return false;
}
