/**
 * @file compat.c  Differences between versions of Baresip and libre
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "compat.h"
#include "foreign.h"


enum {
#ifdef FAILOVER_UPSTREAM
	EVENT_SIZE = 4096,           /**< Longest event text; Baresip drops  */
#else
	EVENT_SIZE = 256,            /**< the whole of a longer one          */
#endif
};

#ifdef COMPAT_LENDS_RECORDS
enum {
	ANSWER_S = 1800,             /**< libre keeps no answer longer       */
};
#endif

static compat_event_h *eventh;


static enum event event_decode(const char *name)
{
	static const struct {
		const char *name;
		enum event ev;
	} eventv[] = {
		{"REGISTERING",      EVENT_REGISTERING     },
		{"REGISTER_OK",      EVENT_REGISTER_OK     },
		{"REGISTER_FAIL",    EVENT_REGISTER_FAIL   },
		{"UNREGISTERING",    EVENT_UNREGISTERING   },
		{"SHUTDOWN",         EVENT_SHUTDOWN        },
		{"CALL_OUTGOING",    EVENT_CALL_OUTGOING   },
		{"CALL_LOCAL_SDP",   EVENT_CALL_LOCAL_SDP  },
		{"CALL_ESTABLISHED", EVENT_CALL_ESTABLISHED},
		{"CALL_CLOSED",      EVENT_CALL_CLOSED     },
	};

	for (size_t i = 0; i < RE_ARRAY_SIZE(eventv); i++) {
		if (!strcmp(name, eventv[i].name))
			return eventv[i].ev;
	}

	return EVENT_OTHER;
}


/**
 * End a user agent's registration client. If it is registered, libre
 * de-registers it. Baresip sends the event UNREGISTERING.
 *
 * @param ua User agent
 */
void compat_stop_register(struct ua *ua)
{
#if FAILOVER_BARESIP >= 208
	ua_stop_register(ua);
#else
	ua_unregister(ua);
#endif
}


#if FAILOVER_BARESIP >= 315
#if FAILOVER_BARESIP < 400
#define bevent_ev  ua_event
#define bevent_str uag_event_str
#endif

static void event_handler(enum bevent_ev ev, struct bevent *event, void *arg)
{
	const char *text = bevent_get_text(event);
	(void)arg;

	eventh(event_decode(bevent_str(ev)), bevent_get_ua(event),
	       bevent_get_call(event), text ? text : "");
}
#else
static void event_handler(struct ua *ua, enum ua_event ev, struct call *call,
			  const char *prm, void *arg)
{
	(void)arg;

	eventh(event_decode(uag_event_str(ev)), ua, call, prm ? prm : "");
}
#endif


/**
 * Call a handler for every event of Baresip; only one handler at a time
 *
 * @param h Event handler
 *
 * @return 0 if success, otherwise errorcode
 */
int compat_events_listen(compat_event_h *h)
{
	eventh = h;

#if FAILOVER_BARESIP >= 315
	return bevent_register(event_handler, NULL);
#else
	return uag_event_register(event_handler, NULL);
#endif
}


/** Do not call it any more */
void compat_events_unlisten(void)
{
#if FAILOVER_BARESIP >= 315
	bevent_unregister(event_handler);
#else
	uag_event_unregister(event_handler);
#endif
}


/**
 * Send an event of module "failover". If Baresip has no module events, send an
 * event of unknown type with the same parameter
 *
 * @param ua    User agent
 * @param call  Call, may be NULL
 * @param event Name of the event
 * @param text  Parameter of the event; cut off if it is too long for Baresip
 */
void compat_module_event(struct ua *ua, struct call *call, const char *event,
			 const char *text)
{
	const size_t head = strlen("failover,,") + strlen(event);
	char fits[EVENT_SIZE];

	foreign_clean(fits, sizeof(fits) - head, text, strlen(text));

#ifndef FAILOVER_UPSTREAM
	if (!module_event) {
		ua_event(ua, UA_EVENT_OTHER, call, "failover,%s,%s", event,
			 fits);
		return;
	}
#endif

	module_event("failover", event, ua, call, "%s", fits);
}


/**
 * Turn libre's cache of DNS answers on or off. Some versions lend a cached
 * record to one request at a time. Another request to the same host then finds
 * fewer addresses, or none, and fails.
 *
 * @param keep True to cache, which is libre's default
 */
void compat_keep_answers(bool keep)
{
#ifdef COMPAT_LENDS_RECORDS
	dnsc_cache_max(net_dnsc(baresip_network()), keep ? ANSWER_S : 0);
#else
	(void)keep;
#endif
}


/** Clear libre's cache of DNS answers */
void compat_forget_answers(void)
{
#ifdef COMPAT_KEEPS_ANSWERS
	dnsc_cache_flush(net_dnsc(baresip_network()));
#endif
}


#ifdef FAILOVER_UPSTREAM
static bool address_handler(const char *ifname, const struct sa *addr,
			    void *arg)
{
	struct network *net = arg;

	if (net_ifaddr_filter(net, ifname, addr))
		(void)net_add_address_ifname(net, addr, ifname);

	return false;
}
#endif


/**
 * Reopen Baresip's SIP sockets with the present addresses of the machine. All
 * user agents register anew. Calls are refreshed, or will be by
 * compat_refresh_calls().
 *
 * @return 0 if success, otherwise errorcode
 */
int compat_renew_sockets(void)
{
#ifdef FAILOVER_UPSTREAM
	struct network *net = baresip_network();

	(void)net_flush_addresses(net);
	(void)net_if_apply(address_handler, net);
#endif

	/* before 2.0 Baresip finds the address by itself */
#ifdef COMPAT_REFRESHES_CALLS
	return uag_reset_transp(true, false);
#else
	return uag_reset_transp(true, true);
#endif
}


#ifdef COMPAT_REFRESHES_CALLS
/* Not in baresip.h */
const struct sa *call_laddr(const struct call *call);
int call_reset_transp(struct call *call, const struct sa *laddr);


/* The local address of its media has changed */
static bool is_moved(const struct call *call, struct sa *laddr)
{
	const struct stream *s = audio_strm(call_audio(call));

	if (!s)
		s = video_strm(call_video(call));

	return s &&
		!net_dst_source_addr_get(sdp_media_raddr(stream_sdpmedia(s)),
					 laddr) &&
		sa_isset(laddr, SA_ADDR) &&
		!sa_cmp(laddr, call_laddr(call), SA_ADDR);
}


static bool refresh(struct call *call)
{
	struct sa laddr;

	if (!is_moved(call, &laddr))
		return true;

	if (!call_refresh_allowed(call))
		return false;

	(void)call_reset_transp(call, &laddr);

	return true;
}
#endif


/**
 * Tell the far end of each call the present address of the machine. Baresip
 * 3.15 and later would end a call whose last offer waits for its answer; this
 * leaves it for later.
 *
 * @return True if there is such a call
 */
bool compat_refresh_calls(void)
{
	bool waits = false;
#ifdef COMPAT_REFRESHES_CALLS
	struct le *le, *lec;

	for (le = list_head(uag_list()); le; le = le->next) {
		for (lec = list_head(ua_calls(le->data)); lec;
		     lec = lec->next)
			waits |= !refresh(lec->data);
	}
#endif

	return waits;
}


/**
 * Baresip's filter_registrar: a bit for each transport on which only the
 * registrar may send a request
 *
 * @return The filter in use; NULL if this version has none
 */
uint32_t *compat_filter(void)
{
#if FAILOVER_BARESIP >= 315
	return &conf_config()->sip.reg_filt;
#else
	return NULL;
#endif
}


/**
 * Watch a file descriptor for reading in the main loop
 *
 * @param cfd File descriptor
 * @param h   Handler
 * @param arg Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int compat_fd_listen(struct compat_fd *cfd, fd_h *h, void *arg)
{
#if FAILOVER_LIBRE >= 306
	return fd_listen(&cfd->fhs, cfd->fd, FD_READ, h, arg);
#else
	return fd_listen(cfd->fd, FD_READ, h, arg);
#endif
}


/**
 * Close a file descriptor and stop watching it
 *
 * @param cfd File descriptor
 */
void compat_fd_close(struct compat_fd *cfd)
{
	if (cfd->fd < 0)
		return;

#if FAILOVER_LIBRE >= 306
	cfd->fhs = fd_close(cfd->fhs);
#else
	fd_close(cfd->fd);
#endif

	(void)close(cfd->fd);
	cfd->fd = -1;
}


/**
 * The file descriptor of a UDP socket
 *
 * @param us Socket
 * @param af Address family; older versions have one descriptor for each
 *
 * @return File descriptor, -1 if there is none
 */
int compat_udp_fd(const struct udp_sock *us, int af)
{
#if FAILOVER_LIBRE >= 400
	(void)af;
	return udp_sock_fd(us);
#elif FAILOVER_LIBRE >= 202 && FAILOVER_LIBRE < 211
	(void)us;
	(void)af;
	return -1;
#else
	return udp_sock_fd(us, af);
#endif
}


/**
 * Send a packet from a socket of its own. libre 1.x does this for IPv4 only.
 * libre 2.9 and later have no such function.
 *
 * @param dst Destination
 * @param mb  Packet
 *
 * @return 0 if success, otherwise errorcode
 */
int compat_send_anon(const struct sa *dst, struct mbuf *mb)
{
	const int fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return errno;

	if (sendto(fd, mbuf_buf(mb), mbuf_get_left(mb), 0, &dst->u.sa,
		   dst->len) < 0)
		err = errno;

	(void)close(fd);

	return err;
}
