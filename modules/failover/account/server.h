/**
 * @file server.h  One SIP server of an account line
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SERVER_H
#define FAILOVER_SERVER_H

#include <re.h>
#include "state.h"

enum {
	MAX_TARGETS = 8,             /**< Per name; more are ignored         */
};

/** One address of a server's name */
struct target {
	struct sa addr;
	uint64_t failed;             /**< Last failure, 0: answers [ms]      */
	uint64_t avoid;              /**< Avoid it until then [ms]           */
};

/** A SIP server as the account line names it */
struct server {
	char *uri;                   /**< As written, an outbound proxy URI  */
	char *host;                  /**< Name or address, no brackets       */
	bool name;                   /**< It is a name                       */
	uint16_t port;               /**< 0: not given                       */
	enum sip_transp tp;          /**< SIP_TRANSP_NONE: not given         */
	uint32_t regint;             /**< Expiry requested from it [s]       */
	char *srv;                   /**< Name that it is a target of, NULL:
					  written in the account line        */
	struct policy_place place;   /**< Among the others                   */
	struct sa addr;              /**< Destination of requests, if known  */
	struct sa src;               /**< Our address towards `dst`          */
	struct sa dst;               /**< Last destination that was seen     */
	unsigned noted;              /**< network_changes() at that time     */
	enum sip_transp addr_tp;     /**< Transport to that destination      */
	uint64_t alive;              /**< It has answered a request that was
					  sent then, 0: none [ms]            */
	uint64_t stalled;            /**< Its connection has, 0: not [ms]    */
	struct target *targetv;      /**< All addresses of its name          */
	size_t targetc;              /**< 0: an address, or not resolved     */
};

/**
 * Is a server given as a name?
 *
 * @param srv Server
 *
 * @return True if it is, false if it is an address
 */
static inline bool server_is_name(const struct server *srv)
{
	return srv->name;
}


/**
 * The name that a server's certificate must be for: the configured one, not
 * the SRV target; RFC 5922 section 7
 *
 * @param srv Server
 *
 * @return Name or address
 */
static inline const char *server_identity(const struct server *srv)
{
	return srv->srv ? srv->srv : srv->host;
}


int  server_decode(struct server *srv, const struct pl *uri);
const char *server_refusal(int err);
void server_reset(struct server *srv);
bool server_equal(const struct server *a, const struct server *b);
bool server_uses(const struct server *srv, enum sip_transp tp, int af);
enum sip_transp server_transp(const struct server *srv);
const char *server_transp_name(enum sip_transp tp);
bool server_is_named(const struct server *srv, const struct uri *uri);
bool server_is_route(const struct server *srv, const struct pl *route);
bool server_is_address(const struct server *srv, enum sip_transp tp,
		       const struct sa *dst);
void server_used(struct server *srv, enum sip_transp tp,
		 const struct sa *dst);
void server_describe_error(const struct server *srv, int err, char *buf,
			   size_t size);

#endif
