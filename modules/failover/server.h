/**
 * @file server.h  One SIP server of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SERVER_H
#define FAILOVER_SERVER_H

#include <re.h>

/** A SIP server as the account line names it */
struct server {
	char *uri;                   /**< As written, an outbound proxy URI  */
	char *host;                  /**< Name or address, no brackets       */
	uint16_t port;               /**< 0: not given                       */
	enum sip_transp tp;          /**< SIP_TRANSP_NONE: not given         */
	uint32_t regint;             /**< Expiry asked of it [s]             */
	struct sa addr;              /**< Where its requests go, once known  */
	struct sa src;               /**< Our address towards `dst`, ...     */
	struct sa dst;               /**< ... once a way was seen            */
};

int  server_decode(struct server *srv, const struct pl *uri);
void server_reset(struct server *srv);
bool server_equal(const struct server *a, const struct server *b);
bool server_uses(const struct server *srv, enum sip_transp tp);
bool server_is_route(const struct server *srv, const struct pl *route);
bool server_is_address(const struct server *srv, enum sip_transp tp,
		       const struct sa *dst);

#endif
