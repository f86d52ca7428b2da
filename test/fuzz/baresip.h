/**
 * @file baresip.h  A stand-in for Baresip, for the fuzzers
 *
 * The module is linked as it is, with libre as it is. What it calls in
 * Baresip 1.0.0 stands here, as short as it can be. Time is a number.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FUZZ_BARESIP_H
#define FUZZ_BARESIP_H

#include <stdlib.h>
#include <string.h>
#include "compat.h"

enum {
	LINE_MAX_SIZE = 512,         /**< That Baresip 1.0.0 reads           */
};

/** An event's name and number are its own, as in every Baresip */
enum {
	EV_REGISTERING,
	EV_REGISTER_OK,
	EV_REGISTER_FAIL,
	EV_UNREGISTERING,
	EV_SHUTDOWN,
	EV_CALL_INCOMING,
	EV_CALL_LOCAL_SDP,
	EV_CALL_ESTABLISHED,
	EV_CALL_CLOSED,
};

struct account {
	char *line;                  /**< That all the others lie in         */
	struct sip_addr laddr;
	char *aor;
	char *outbound;
	char *medianat;
	uint32_t regint;
};

struct ua {
	struct le le;
	struct account *acc;
	struct sipreg *reg;
	struct sipsub *mwi;
	struct list calls;
	char cuser[16];
};

struct call {
	struct le le;
	struct ua *ua;
	struct sipsess *sess;
	struct mbuf *offer;
	char *id;
	char *peer;
	enum call_state state;
	bool outgoing;
};

static inline void must(bool ok)
{
	if (!ok)
		abort();
}

/* Begin and end: nothing is left between two inputs */
void baresip_init(void);
void baresip_open(const char *config, size_t len);
int  baresip_add_account(const char *line, size_t len);
int  baresip_load(void);
void baresip_close(void);
void baresip_write(const char *name, const char *text, size_t len);
void baresip_event(struct ua *ua, int ev, struct call *call,
		   const char *text);
int  baresip_command(struct mbuf *out, const char *name, const char *prm);

/* What is printed, output.c */
void output_check(const struct mbuf *mb);
void output_check_json(const struct mbuf *mb);
void output_check_secret(const struct mbuf *mb, const char *secret,
			 const uint8_t *data, size_t size);

/* Time, and what is to be done meanwhile */
void baresip_run(void);
void baresip_pass(uint32_t ms);

/* The phone, phone.c */
void phone_open(const struct sa *dns);
void phone_stop(void);
void phone_close(void);
void phone_forget(struct ua *ua);
void phone_answer(struct ua *ua);
void phone_hold(struct ua *ua);
void phone_hangup(struct ua *ua);
void phone_subscribe(struct ua *ua);

#endif
