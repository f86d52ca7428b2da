/**
 * @file names.h  Names of servers, and their servers in DNS
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_NAMES_H
#define FAILOVER_NAMES_H

#include "compat.h"
#include "state.h"
#include "timer.h"

struct line;
struct resolve;
struct server;

/** A target of SRV records */
struct name_target {
	char *uri;                   /**< Like sip:host:port;transport=udp   */
	unsigned priority;           /**< Lower is better                    */
	bool gone;                   /**< Not in the latest answer           */
};

/** A name; all accounts with this name reference it */
struct name {
	struct le le;
	char *host;
	enum sip_transp tp;          /**< SIP_TRANSP_NONE: DNS chooses       */
	uint64_t seed;               /**< For this phone and this name       */
	bool known;                  /**< DNS has answered                   */
	bool failed;                 /**< ... but not last time: warned      */
	bool refused;                /**< Answer cannot be used: warned      */
	bool is_list;                /**< It has had several servers         */
	struct name_target targetv[MAX_SERVERS];/**< If `is_list`            */
	unsigned targetc;
	struct resolve *resolve;     /**< Lookup under way                   */
	struct timer tmr;            /**< The next lookup                    */
	uint64_t answered;           /**< End of the last lookup [ms]        */
	unsigned failures;           /**< In a row                           */
};

typedef void (names_h)(void);
typedef bool (names_used_h)(const char *uri);

void names_open(names_h *h, names_used_h *usedh);
void names_close(void);
bool names_is_candidate(const struct server *srv);
struct name *names_get(const struct server *srv, const char *aor);
void names_look_up(struct name *name);
void names_retry(void);
void names_tidy(struct name *name);

#endif
