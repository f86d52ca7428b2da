/**
 * @file sensors.h  What sees: it tells a line, see evidence.c
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SENSORS_H
#define FAILOVER_SENSORS_H

#include "compat.h"

struct line;
struct lookup;
struct poke;


/* trace: libre's slot for a trace handler */
typedef bool (trace_h)(bool tx, enum sip_transp tp, const struct sa *peer,
		       struct sip_msg *msg);

int  trace_open(trace_h *h);
void trace_close(void);

/* wire: what goes over it for our accounts, as the trace shows it */
int  wire_open(void);
void wire_close(void);

/* poke: is anybody there? */
#define HOST_UNREACHABLE "ICMP host unreachable"

int  poke_alloc(struct poke **pokep, struct line *line, unsigned server);
void poke_udp(struct poke *poke, const struct sa *dst, uint64_t since);
void poke_tcp(struct poke *poke, const struct sa *dst, uint64_t since);

/* lookup: all addresses that a server's name stands for */
void lookup_start(struct line *line, unsigned server);
bool lookup_defer(struct line *line, unsigned server, const struct sa *dst,
		  uint64_t since, const char *reason);
void lookup_forget(struct line *line);

/* certificate: why a TLS connection could not be made */
int  certificate_open(void);
void certificate_close(void);
const char *certificate_reason(const char *text);

/* verify: certificates that libre does not verify */
struct ssl_st;

void verify_server(struct ssl_st *ssl);

/* network: addresses and routes of the machine */
typedef void (network_h)(bool added);

int  network_open(network_h *h);
void network_close(void);
bool network_is_watched(void);
bool network_has(const struct sa *addr);
int  network_source(struct sa *src, const struct sa *dst);

/* path: is there a way from this machine to an account's servers? */
enum path {                          /* the better first */
	PATH_SAME,                   /**< There is                           */
	PATH_STALE,                  /**< Not from where it was any more     */
	PATH_BARE,                   /**< ... but Baresip has no socket      */
	PATH_NONE,                   /**< There is none                      */
};

enum path path_look(const struct line *line);
void path_note(struct line *line);
bool path_has_connections(const struct line *line);
bool path_is_settling(const struct line *line, const char *reason);

/* clock: the time, and when it has jumped */
typedef void (clock_jump_h)(int64_t asleep_ms);

uint64_t clock_ms(void);
bool clock_is_late(uint64_t due);
int  clock_open(clock_jump_h *h);
void clock_close(void);

#endif
