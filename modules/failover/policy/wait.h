/**
 * @file wait.h  All times that the policy waits for
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WAIT_H
#define FAILOVER_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct policy;

/** What the policy waits for; when due, handled in this order */
enum wait {
	WAIT_ANSWER,                 /**< Give up the server of a REGISTER   */
	WAIT_ROUND,                  /**< DOWN, OFFLINE: the next round      */
	WAIT_FLOW,                   /**< The connection ended: register     */
	WAIT_REFRESH,                /**< The binding needs a REGISTER       */
	WAIT_CHECK,                  /**< See whether the primary is back    */
	WAIT_STANDBY,                /**< Search, or refresh of the standby  */
	WAIT_KEEPALIVE,              /**< OPTIONS to the server in use       */
	WAITS,
};

void wait_arm(struct policy *p, enum wait wait, uint64_t when);
void wait_cancel(struct policy *p, enum wait wait);
void wait_keep_allowed(struct policy *p);
bool wait_take(struct policy *p, enum wait wait, uint64_t now);
uint64_t wait_first(const struct policy *p);

#endif
