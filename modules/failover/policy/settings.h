/**
 * @file settings.h  Keys of the config file and of an account line
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SETTINGS_H
#define FAILOVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SETTINGS_MAX_CODES = 32,     /**< Codes in one list of codes         */
	SETTINGS_TEXT_SIZE = 512,    /**< Text of a value, with its 0 [bytes]*/
};

/** What the failback check sends */
enum probe_method {
	PROBE_REGISTER,              /**< An independent REGISTER            */
	PROBE_OPTIONS,               /**< OPTIONS, then REGISTER             */
};

/** Status codes that mean "server unavailable" */
struct codes {
	uint16_t v[SETTINGS_MAX_CODES]; /**< 300 to 699                      */
	size_t n;                    /**< Number of codes                    */
};

/** All keys of one account; primary-backup-spec.txt section 3.1 */
struct settings {
	uint32_t retries;            /**< Retransmissions, 0 to 10           */
	uint32_t timeout_s;          /**< 0: count instead, 1 to 31 s        */
	uint32_t failback;           /**< Return to the primary, 0 or 1      */
	uint32_t failback_interval_s;/**< 1 to 86400 s                       */
	uint32_t failback_jitter;    /**< 0 to 100 %                         */
	uint32_t probe;              /**< enum probe_method                  */
	uint32_t keepalive_s;        /**< 0: none, up to 3600 s              */
	struct codes codes;          /**< Answers to REGISTER                */
	struct codes call_codes;     /**< Answers to INVITE, BYE             */
	uint32_t rise;               /**< Good probes before return, 1 to 10 */
	uint32_t fall;               /**< Failures before leaving, 1 to 10   */
	uint32_t flow;               /**< Watch connections, 0 or 1          */
	uint32_t tcp_keepalive_s;    /**< 0: none, up to 3600 s              */
	uint32_t srv;                /**< SRV targets are servers, 0 or 1    */
	uint32_t standby;            /**< Also registered with next, 0 or 1  */
};

void settings_init(struct settings *set);
int  settings_set(struct settings *set, const char *key, const char *val);
const char *settings_allowed(const char *key);
const char *settings_default(const char *key);
const char *settings_key(size_t i);
bool settings_has_code(const struct codes *codes, uint16_t scode);

#endif
