/**
 * @file compat.h  Differences between versions of Baresip and libre
 *
 * FAILOVER_UPSTREAM is defined if upstream's baresip.h exists. Otherwise
 * baresip_decl.h replaces it. FAILOVER_BARESIP (only with upstream's header)
 * and FAILOVER_LIBRE are the versions at compile time, 4.10 as 410.
 *
 * | from version  | changed                                             |
 * |---------------|-----------------------------------------------------|
 * | libre 2.0     | the certificates of SIP servers are verified        |
 * | libre 2.1     | sip_send_h has 6 arguments                          |
 * |               | timers use a monotonic clock, not the wall clock    |
 * | libre 2.2     | no udp_sock_fd() until 2.11: nothing is withheld    |
 * | libre 2.4     | DNS answers are cached; until 4.6 a record is lent  |
 * |               | to one request at a time                            |
 * | libre 2.10    | a Contact is compared by its address, not as text   |
 * | libre 3.6     | fd_listen() and fd_close() take a handle            |
 * | libre 3.10    | digest authentication with SHA-256                  |
 * | libre 4.0     | struct uri has no password; a UDP socket has one    |
 * |               | address family                                      |
 * | Baresip 1.1   | module_event()                                      |
 * | Baresip 2.0   | a list of local addresses; none is found by itself  |
 * |               | CALL_OUTGOING: a call is about to be made           |
 * | libre 3.3     | a request is built once its destination is known;   |
 * |               | CALL_LOCAL_SDP comes after that (Baresip 4.2)       |
 * | Baresip 2.8   | ua_stop_register(); ua_unregister() sends REGISTER  |
 * | Baresip 3.1   | an account line may have 1023 characters, not 511   |
 * | Baresip 3.15  | bevent_register() replaces uag_event_register()     |
 * |               | filter_registrar; uag_reset_transp() ends calls     |
 * | Baresip 4.0   | enum bevent_ev, bevent_str() replace enum ua_event, |
 * |               | uag_event_str()                                     |
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMPAT_H
#define FAILOVER_COMPAT_H

#include <re.h>

#ifdef FAILOVER_UPSTREAM
#include <baresip.h>
#else
#include "baresip_decl.h"
#endif

#ifndef RE_ARRAY_SIZE
#define RE_ARRAY_SIZE ARRAY_SIZE     /* libre before 2.12 */
#endif

#if FAILOVER_LIBRE >= 204 && FAILOVER_LIBRE < 406
#define COMPAT_LENDS_RECORDS         /**< See compat_keep_answers() */
#endif

#if FAILOVER_LIBRE >= 406
#define COMPAT_KEEPS_ANSWERS         /**< libre caches DNS answers */
#endif

#if FAILOVER_LIBRE < 400
#define COMPAT_TLS TLS_METHOD_SSLV23 /**< Best version of both sides */
#else
#define COMPAT_TLS TLS_METHOD_TLS
#endif

#if FAILOVER_LIBRE >= 310
#define COMPAT_SHA256                /**< Digest: see digest.c */
#endif

#if FAILOVER_BARESIP >= 315
#define COMPAT_REFRESHES_CALLS       /**< See compat_refresh_calls() */
#endif

#if FAILOVER_LIBRE < 200
#define COMPAT_NEVER_VERIFIES        /**< Certificates: see verify.c */
#endif

/** Size of a line in Baresip's module "account", with its terminator */
#if FAILOVER_BARESIP >= 301
#define COMPAT_ACCOUNT_SIZE 1024
#else
#define COMPAT_ACCOUNT_SIZE 512
#endif

/** Events of Baresip that we act on */
enum event {
	EVENT_OTHER,
	EVENT_REGISTERING,
	EVENT_REGISTER_OK,
	EVENT_REGISTER_FAIL,
	EVENT_UNREGISTERING,
	EVENT_SHUTDOWN,
	EVENT_CALL_OUTGOING,         /**< Since Baresip 2.0                  */
	EVENT_CALL_LOCAL_SDP,
	EVENT_CALL_ESTABLISHED,
	EVENT_CALL_CLOSED,
};

/**
 * Handles an event of Baresip
 *
 * @param ev   Event
 * @param ua   User agent, may be NULL
 * @param call Call, may be NULL
 * @param text Parameter of the event, may be empty
 */
typedef void (compat_event_h)(enum event ev, struct ua *ua, struct call *call,
			      const char *text);

/** Does a change of the clock make libre's timers early or late? */
#define COMPAT_WALL_TIMERS (FAILOVER_LIBRE < 201)

/* The send handler is called only after connecting: lookup.c */
#define COMPAT_CONNECTS_FIRST (FAILOVER_LIBRE >= 303)

/* Over TCP and TLS a Contact names the connection's own port: each server has
   another one */
#define COMPAT_OWN_PORT (FAILOVER_LIBRE >= 303)

/* Baresip ends a call whose REFER is refused, but not if nobody answers it */
#define COMPAT_REFUSAL_ENDS_CALL (FAILOVER_LIBRE < 300)

#if FAILOVER_LIBRE >= 201
/** Arguments of a sip_send_h that does not use `contp` */
#define SEND_HANDLER(name) \
	int name(enum sip_transp tp, struct sa *src, const struct sa *dst, \
		 struct mbuf *mb, struct mbuf **contp, void *arg)
#define SEND_HANDLER_UNUSED ((void)dst, (void)contp)
#else
#define SEND_HANDLER(name) \
	int name(enum sip_transp tp, const struct sa *src, \
		 const struct sa *dst, struct mbuf *mb, void *arg)
#define SEND_HANDLER_UNUSED ((void)dst)
#endif

/** A file descriptor that the main loop watches */
struct compat_fd {
	int fd;                      /**< -1: none                           */
#if FAILOVER_LIBRE >= 306
	struct re_fhs *fhs;
#endif
};

int  compat_events_listen(compat_event_h *h);
void compat_events_unlisten(void);
void compat_module_event(struct ua *ua, struct call *call, const char *event,
			 const char *text);
void compat_stop_register(struct ua *ua);
int  compat_renew_sockets(void);
bool compat_refresh_calls(void);
void compat_keep_answers(bool keep);
void compat_forget_answers(void);
uint32_t *compat_filter(void);
int  compat_fd_listen(struct compat_fd *cfd, fd_h *h, void *arg);
void compat_fd_close(struct compat_fd *cfd);
int  compat_send_anon(const struct sa *dst, struct mbuf *mb);
int  compat_udp_fd(const struct udp_sock *us, int af);

/* In libre's header since 3.x, in the library always */
int  sip_auth_encode(struct mbuf *mb, struct sip_auth *auth, const char *met,
		     const char *uri);

/*
 * Names that some versions lack. A missing name would stop the loading of the
 * module, with a message that explains nothing. Weak names let it load, and
 * version_check() reports the reason. Newer versions have macros instead of
 * some names; then another name is declared.
 */
#ifdef info
#pragma weak _info
#pragma weak _warning
#else
#pragma weak info
#pragma weak warning
#endif

#ifdef re_snprintf
#pragma weak _mbuf_printf_s
#pragma weak _re_hprintf_s
#pragma weak _re_sdprintf_s
#pragma weak _re_snprintf_s
#else
#pragma weak mbuf_printf
#pragma weak re_hprintf
#pragma weak re_sdprintf
#pragma weak re_snprintf
#endif

#ifdef tmr_start
#pragma weak tmr_start_dbg
#else
#pragma weak tmr_start
#endif

#ifdef COMPAT_LENDS_RECORDS
#pragma weak dnsc_cache_max
#endif

#ifdef COMPAT_KEEPS_ANSWERS
#pragma weak dnsc_cache_flush
#endif

#if FAILOVER_BARESIP >= 208
#pragma weak ua_stop_register
#endif

#ifdef FAILOVER_UPSTREAM
#pragma weak net_add_address_ifname
#pragma weak net_flush_addresses
#pragma weak net_if_apply
#pragma weak net_ifaddr_filter
#endif

#ifdef COMPAT_SHA256
#pragma weak sha256_printf
#endif

#if FAILOVER_BARESIP >= 315
#pragma weak bevent_get_call
#pragma weak bevent_get_text
#pragma weak bevent_get_ua
#pragma weak bevent_register
#pragma weak bevent_unregister
#else
#pragma weak uag_event_register
#pragma weak uag_event_unregister
#endif

#if FAILOVER_BARESIP >= 400
#pragma weak bevent_str
#else
#pragma weak uag_event_str
#endif

#pragma weak module_event

#endif
