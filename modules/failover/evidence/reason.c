/**
 * @file reason.c  Why a request could not be sent, in words for the user
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "certificate.h"
#include "compat.h"
#include "error.h"
#include "reason.h"
#include "server.h"


/**
 * Say why a request could not be sent, in words of ours where libre's do not
 * help
 *
 * @param srv    Server
 * @param text   libre's error, in words
 * @param reason Buffer for the text
 * @param size   Its size
 */
void reason_describe(const struct server *srv, const char *text, char *reason,
		     size_t size)
{
	static const int errv[] = { EDESTADDRREQ, EPROTONOSUPPORT };

	str_ncpy(reason, certificate_reason(text), size);

	for (size_t i = 0; i < RE_ARRAY_SIZE(errv); i++) {
		if (error_is(text, errv[i]))
			server_describe_error(srv, errv[i], reason, size);
	}

	/* the transaction's 64*T1 are over, or the connection's patience */
	if (error_is(text, ETIMEDOUT))
		str_ncpy(reason, "not answered", size);
}
