/**
 * @file actors.h  What acts: told by action.c
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ACTORS_H
#define FAILOVER_ACTORS_H

#include "compat.h"

struct line;
struct request;


/* registration: Baresip's own */
void registration_move(struct line *line, unsigned server);
void registration_aim(struct line *line, unsigned server);

/* request: a REGISTER or OPTIONS of our own */
typedef void (request_h)(int err, const struct sip_msg *msg, void *arg);

int request_register(struct request **reqp, struct line *line,
		     unsigned server, const char *contact, uint64_t ms,
		     request_h *h, void *arg);
int request_deregister(struct line *line, unsigned server,
		       const char *contact);
int request_options(struct request **reqp, struct line *line,
		    unsigned server, uint64_t ms, request_h *h, void *arg);
bool request_is_own(const struct pl *callid);

/* contact: what an account is bound to */
const char *contact_in_use(const struct line *line);
void contact_sent(struct line *line, const struct sip_msg *msg, bool in_use);
uint32_t contact_granted_s(struct line *line, const struct sip_msg *msg);
void contact_listed(struct line *line, const struct sip_msg *msg);
void contact_clean_up(struct line *line);

/* dial: calls that are not answered yet */
void dial_outgoing(struct line *line, struct call *call);
void dial_offer(struct line *line, struct call *call);
void dial_sent(struct line *line, const struct pl *callid, bool again);
void dial_answered(struct line *line, const struct sip_msg *msg,
		   const struct sa *src);
void dial_closed(struct call *call, const char *text);
void dial_established(struct call *call);
void dial_forget(const struct line *line);

/* redial: they go on through another server */
void dial_run(struct line *line);

/* bye: calls that are being hung up */
void bye_sent(const struct sip_msg *msg, bool via_server, bool again);
void bye_answered(const struct sip_msg *msg, const struct sa *src);
void bye_received(const struct sip_msg *msg);
void bye_closed(struct call *call);
void bye_run(struct line *line);
void bye_forget(const struct line *line);

/* mute: packets that are not to be sent */
typedef bool (mute_h)(const struct pl *pkt, const struct pl *branch,
		      int *err);

int  mute_open(mute_h *h);
void mute_close(void);
void mute_linger(const char *branch, uint64_t until);
void mute_knock(void);
bool mute_is_ready(void);
bool mute_is_knock(const struct sip_msg *msg);

/* orphan: answers to an INVITE that libre has forgotten */
void orphan_add(struct sip_msg *invite, enum sip_transp tp,
		const struct sa *dst, uint64_t since);
void orphan_connected(const struct sip_msg *msg);
void orphan_close(void);

/* connection: TCP connections that have died unnoticed */
void connection_end_dead(const struct sa *dst, enum sip_transp tp,
			 uint64_t silent_ms);
bool connection_is_there(const struct sa *dst);

#endif
