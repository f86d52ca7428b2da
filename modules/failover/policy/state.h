/**
 * @file state.h  The state of an account, and the one function that sets it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_STATE_H
#define FAILOVER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "settings.h"
#include "wait.h"

enum {
	MAX_SERVERS = 8,
	REASON_SIZE = 128,
	MAX_FLAPS   = 3,             /**< The wait doubles up to 2^3 times   */
	PRIMARY     = 1,
};

enum policy_state {
	POLICY_IDLE,                 /**< Not registering                    */
	POLICY_MOVING,               /**< REGISTER with `target` under way   */
	POLICY_SETTLED,              /**< `target` is in use                 */
	POLICY_DOWN,                 /**< All have failed, waiting           */
	POLICY_OFFLINE,              /**< The phone has no network           */
};

enum health {
	HEALTH_UNKNOWN,
	HEALTH_UP,                   /**< Answers                            */
	HEALTH_DOWN,                 /**< Unavailable                        */
};

/** A server's place among the others */
struct policy_place {
	unsigned rank;               /**< First server that is as good, 0:
					  none but itself                    */
	bool sought;                 /**< The account returns to it          */
	bool gone;                   /**< DNS no longer names it             */
};

struct policy_server {
	struct policy_place place;
	enum health health;
	uint64_t since;              /**< When `health` changed [ms]         */
	uint64_t retry_after;        /**< End of its Retry-After [ms]        */
	bool registered;             /**< We are registered there            */
	bool maintenance;            /**< The user wants it unused           */
	unsigned flow_losses;        /**< Short connections in a row         */
	uint64_t doubted;            /**< Last doubt, 0: never [ms]          */
	unsigned good_probes;        /**< In a row                           */
	char reason[REASON_SIZE];    /**< Latest evidence, for the user      */
};

struct policy_counters {
	unsigned failovers;          /**< Servers left because they failed   */
	unsigned failbacks;          /**< Returns to the primary             */
	unsigned exhausted;          /**< Rounds in which all have failed    */
};

struct policy {
	const struct settings *set;
	struct policy_server serverv[MAX_SERVERS];
	unsigned serverc;
	struct policy_counters counters;

	enum policy_state state;
	unsigned target;             /**< In use, or being tried             */
	unsigned origin;             /**< Settled there before moving, or 0  */
	unsigned tried;              /**< Servers of this round, one bit each*/
	uint64_t started;            /**< When `target` was chosen [ms]      */
	unsigned failures;           /**< Of `target`, in a row              */
	unsigned failed_rounds;      /**< In a row                           */
	unsigned home;               /**< In use before OFFLINE, 0: none     */
	uint64_t valid_since;        /**< Older evidence is ignored [ms]     */

	uint64_t waitv[WAITS];       /**< Times to wait for, 0: none [ms]    */

	/* Baresip's own REGISTER, answered or not: WAIT_ANSWER */
	uint64_t pending_since;      /**< First transmission [ms]            */
	unsigned sends;              /**< Transmissions seen                 */

	/* failback */
	unsigned probing;            /**< Server being checked, 0: none      */
	unsigned probed;             /**< Checked already, one bit each      */
	bool check_at_once;          /**< Check as soon as settled           */
	uint64_t returned;           /**< To a better one, 0: never [ms]     */
	unsigned flaps;              /**< Returns that did not last, in a row*/

	/* The binding is certain to exist if its REGISTER was sent after our
	   last de-registration had ended */
	unsigned deregs;             /**< De-registrations ended             */
	unsigned deregs_pending;     /**< ... when our REGISTER was sent     */
	unsigned deregs_bound;       /**< ... that the binding outlived      */
	bool renewing;
	bool overdue;                /**< ... since no refresh was sent      */
	uint64_t libre_refresh;      /**< Time of libre's, 0: unknown [ms]   */

	/* standby: a second registration */
	unsigned standby;            /**< Server, 0: none                    */
	unsigned standby_asked;      /**< REGISTER under way, 0: none        */
	unsigned standby_tried;      /**< In this search, one bit each       */
	unsigned standby_deregs;     /**< `deregs` when it was asked         */
};

/** What a registrar's 2xx means for the binding */
struct grant {
	uint64_t lapse_ms;           /**< Until it expires, 0: not known     */
	uint64_t refresh_ms;         /**< libre's refresh, 0: not known      */
	bool useless;                /**< Expires at once, or no time        */
};

/** How a request of our own has ended */
struct outcome {
	bool ok;                     /**< The server would take the account  */
	bool alive;                  /**< ... or refuses it, but lives       */
	uint64_t took_ms;            /**< Longest time without an answer     */
	uint64_t lapse_ms;           /**< Of the binding, 0: not known [ms]  */
	const char *reason;          /**< What was seen, for the user        */
};

/** What a reported failure means for the request that was waiting */
enum verdict {
	VERDICT_VOID,                /**< No evidence against the server     */
	VERDICT_STAYS,               /**< Counts; the account stays          */
	VERDICT_MOVES,               /**< Account uses another server        */
};

/** What the user is told of a decision */
enum tell {
	TELL_NOTHING,
	TELL_SWITCH,                 /**< From `from` to `to`                */
	TELL_FAILBACK,               /**< From `from` back to the primary    */
	TELL_EXHAUSTED,              /**< Every server has failed            */
};

/** What is to be done */
struct decision {
	enum tell tell;
	unsigned from;               /**< 0: none was in use                 */
	unsigned to;
	uint64_t since;              /**< First sending of what failed       */
	unsigned register_with;      /**< Server, 0: none                    */
	bool by_command;             /**< The user has asked for the move    */
	bool maintenance;            /**< ... to leave `from` for a while    */
	bool gone;                   /**< ... because DNS dropped it         */
	bool look_up;                /**< Look up the servers' names again   */
	unsigned probe;              /**< Check this server, 0: none         */
	bool keepalive;              /**< OPTIONS to `target`                */
	bool renew;                  /**< Renew the binding at `target`      */
	unsigned standby;            /**< Register there as well, 0: none    */
	unsigned unbind;             /**< ... no longer, 0: none             */
};

/**
 * Is the policy waiting for this?
 *
 * @param p    Policy
 * @param wait What it may wait for
 *
 * @return True if it is
 */
static inline bool policy_waits(const struct policy *p, enum wait wait)
{
	return p->waitv[wait] != 0;
}


/** The bit of a server in a set */
static inline unsigned server_bit(unsigned server)
{
	return 1u << server;
}


/**
 * Is a server left alone while there is another one? The user wants that, or
 * DNS no longer names it.
 *
 * @param p      Policy
 * @param server Server
 *
 * @return True if it is
 */
static inline bool state_in_maintenance(const struct policy *p,
					unsigned server)
{
	const struct policy_server *srv = &p->serverv[server - 1];

	return srv->maintenance || srv->place.gone;
}


/**
 * Does the account return to a server from the one in use?
 *
 * @param p      Policy
 * @param server Server
 *
 * @return True if it does
 */
static inline bool state_is_better(const struct policy *p, unsigned server)
{
	const struct policy_place *place = &p->serverv[server - 1].place;

	return place->sought && p->target &&
		place->rank < p->serverv[p->target - 1].place.rank;
}


struct policy_server *state_server(struct policy *p, unsigned server);
void state_place(struct policy *p, unsigned server,
		 const struct policy_place *place);
void state_mark(struct policy *p, unsigned server, enum health health,
		uint64_t now, const char *reason);
void policy_enter(struct policy *p, enum policy_state state);
bool state_is_at_rest(const struct policy *p);

#endif
