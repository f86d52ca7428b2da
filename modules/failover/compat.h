/**
 * @file compat.h  All that differs between versions of Baresip and libre
 *
 * | version               | events           | send handler | fd_listen   |
 * |-----------------------|------------------|--------------|-------------|
 * | Baresip 1.0.0, 1.1.0  | uag_event_*      | 5 arguments  | by fd       |
 * | Baresip 3.15 and later| bevent_*         | 6 arguments  | by handle   |
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
#define RE_ARRAY_SIZE ARRAY_SIZE     /* libre before 2.10 */
#endif

/** Events of Baresip that we act on */
enum event {
	EVENT_OTHER,
	EVENT_REGISTERING,
	EVENT_REGISTER_OK,
	EVENT_REGISTER_FAIL,
	EVENT_UNREGISTERING,
	EVENT_SHUTDOWN,
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

#ifdef FAILOVER_UPSTREAM
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
#ifdef FAILOVER_UPSTREAM
	struct re_fhs *fhs;
#endif
};

int  compat_events_listen(compat_event_h *h);
void compat_events_unlisten(void);
void compat_module_event(struct ua *ua, struct call *call, const char *event,
			 const char *text);
int  compat_fd_listen(struct compat_fd *cfd, fd_h *h, void *arg);
void compat_fd_close(struct compat_fd *cfd);

#endif
