/**
 * @file failover.c  Primary and backup SIP servers for an account
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "accounts.h"
#include "action.h"
#include "alarm.h"
#include "ask.h"
#include "bye.h"
#include "certificate.h"
#include "changes.h"
#include "clock.h"
#include "command.h"
#include "config.h"
#include "conn_ref.h"
#include "decide.h"
#include "dialog_call.h"
#include "evidence.h"
#include "invite.h"
#include "line.h"
#include "line_find.h"
#include "lookup.h"
#include "names.h"
#include "network.h"
#include "offer.h"
#include "own_side.h"
#include "page.h"
#include "page_listen.h"
#include "question.h"
#include "registering.h"
#include "renew.h"
#include "save.h"
#include "stall.h"
#include "targets.h"
#include "timer.h"
#include "trace.h"
#include "unwanted.h"
#include "verify.h"
#include "version.h"
#include "watch.h"
#include "wire.h"


/**
 * @defgroup failover failover
 *
 * Keeps an account registered, whichever of its servers dies.
 *
 * Sample accounts:
 \verbatim
  <sip:alice@example.com>;auth_pass=secret;outbound="sip:pbx1.example.com";\
  outbound2="sip:pbx2.example.com"
 \endverbatim
 *
 * Sample config, with the defaults:
 \verbatim
  module                      failover.so

  failover_retries            3         # 0 to 10 retransmissions
  failover_timeout            0         # s, above 0: instead of a count
  failover_failback           yes       # return to the primary
  failover_failback_interval  1800      # s between looks for the primary
  failover_failback_jitter    10        # percent, at random
  failover_probe              register  # register or options
  failover_keepalive          0         # s, above 0: OPTIONS this often
  failover_flow               yes       # watch TCP and TLS connections
  failover_tcp_keepalive      60        # s, above 0: TCP asks this often
  failover_codes              408,500,502,503,504  # "server unavailable"
  failover_call_codes         503       # ... to INVITE and BYE
  failover_rise               1         # good looks before returning
  failover_fall               1         # failures before leaving
  failover_srv                yes       # each SRV target is a server
  failover_standby            no        # registered with the next, too
 \endverbatim
 *
 * The reference is docs/reference.md, the design docs/design.md.
 */


enum {
	REREAD_MS = 1000,            /**< Was the config file read again?    */
};

static struct tmr tmr_scan;
static struct tmr tmr_reread;
static bool opened;


static void event_handler(enum event ev, struct ua *ua, struct call *call,
			  const char *text)
{
	struct line *line;

	trace_check();
	conn_ref_look();

	if (!ua || ev == EVENT_OTHER)
		return;

	line = line_find(ua);

	if (!line && ev == EVENT_REGISTERING) {
		if (accounts_add(&line, ua))
			return;
	}

	if (line && line->unmanaged)
		line->unregistered = ev == EVENT_UNREGISTERING ||
			(line->unregistered && ev != EVENT_REGISTERING);

	if (!line || (line->unmanaged && ev != EVENT_SHUTDOWN))
		return;

	switch (ev) {

	case EVENT_REGISTERING:
		registering_begins(line);
		break;

	case EVENT_REGISTER_OK:
	case EVENT_REGISTER_FAIL:
		registering_ended(line, text, ev == EVENT_REGISTER_OK);
		targets_settled(line);
		break;

	case EVENT_UNREGISTERING:
		/* a deleted user agent sends no other event */
		registering_stopped(line);
		if (accounts_is_gone(line))
			mem_deref(line);
		break;

	case EVENT_SHUTDOWN:
		if (!line->unmanaged)
			registering_stopped(line);
		mem_deref(line);
		break;

	case EVENT_CALL_OUTGOING:
		invite_outgoing(line, call);
		break;

	case EVENT_CALL_LOCAL_SDP:
		invite_offer(line, call);
		if (!str_cmp(text, "offer"))
			offer_made(line, call);
		break;

	case EVENT_CALL_ESTABLISHED:
		invite_established(call);
		dialog_call_established(line, call);
		break;

	case EVENT_CALL_CLOSED:
		invite_closed(call, text);
		bye_closed(line, call);
		break;

	default:
		break;
	}
}


static void renewed_handler(void)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next)
		own_side_renewed(le->data);
}


/* Their end is no news of a server: Baresip registers anew */
static void renew(void)
{
	struct le *le;

	stall_drop_all();

	for (le = list_head(line_list()); le; le = le->next)
		watch_forget(le->data);

	renew_sockets();
}


/* Baresip notices this too: 1.x within a minute, later versions with their
   module netroam */
static void network_handler(bool added)
{
	bool wanted = false;
	struct le *le;

	if (added)
		names_retry();

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged)
			wanted |= own_side_network_changed(line, added);
	}

	if (wanted)
		renew();
}


static void clock_handler(int64_t asleep_ms)
{
	bool wanted = false;
	struct le *le;

	if (asleep_ms)
		info("failover: the machine was asleep for %lld s\n",
		     (long long)((asleep_ms + 500) / 1000));
	else
		info("failover: the clock was set\n");

	alarm_clock_jumped();

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;

		if (!line->unmanaged)
			wanted |= own_side_woke(line);
	}

	if (wanted)
		renew();
}


/* Baresip's command conf_reload (module debug_cmd) sends no event. The reload
   may change the very time that the policy waits for. So if Baresip has that
   command, this compares a pointer each second. */
static void reread_handler(void *arg)
{
	(void)arg;

	tmr_start(&tmr_reread, REREAD_MS, reread_handler, NULL);
	if (accounts_reread())
		targets_read_again();
	save_reread();
	page_listen_reread();
}


/* No event announces accounts that do not register at start, or that
   registered before this module was loaded */
static void scan_handler(void *arg)
{
	(void)arg;
	accounts_scan();

	if (cmd_find_long(baresip_commands(), "conf_reload"))
		tmr_start(&tmr_reread, REREAD_MS, reread_handler, NULL);
}


static int module_init(void)
{
	int err;

	err = version_check();
	if (err)
		return err;

	opened = true;
	tmr_init(&tmr_scan);
	tmr_init(&tmr_reread);
	config_open();
	save_open();
	action_open();
	targets_open();
	compat_keep_answers(false);

	lookup_open(evidence_unreachable);

	err = wire_open();
	if (err)
		goto out;

	if (certificate_open())
		info("failover: cannot tell why a TLS handshake fails\n");

	if (certificate_is_blind() && verify_is_wanted())
		warning("failover: certificates cannot be verified, servers"
			" with transport=tls are not used\n");

	err = compat_events_listen(event_handler);
	if (err)
		goto out;

	err = command_open();
	if (err)
		goto out;

	renew_open(renewed_handler);

	if (network_open(network_handler))
		info("failover: cannot watch the network, rounds go by time"
		     " alone\n");

	if (clock_open(clock_handler))
		info("failover: cannot watch the clock\n");

	page_open();
	tmr_start(&tmr_scan, 0, scan_handler, NULL);
	info("failover: version %s\n", FAILOVER_VERSION);

 out:
	if (err)
		warning("failover: module not started (%m)\n", err);

	return err;
}


static int module_close(void)
{
	/* also called after module_init() has failed */
	if (!opened)
		return 0;

	opened = false;

	ask_close();                 /* the page may wait for an answer */
	page_close();
	tmr_cancel(&tmr_scan);
	tmr_cancel(&tmr_reread);
	network_close();
	clock_close();
	renew_close();
	command_close();
	compat_events_unlisten();
	certificate_close();
	wire_close();
	targets_close();
	accounts_close();
	unwanted_close();            /* accounts release requests */
	question_close();
	config_close();
	changes_close();
	save_close();
	timer_close();
	alarm_close();
	compat_keep_answers(true);

	return 0;
}


/** Baresip finds this when it loads the module. It is all that others see. */
__attribute__((visibility("default")))
const struct mod_export DECL_EXPORTS(failover) = {
	"failover",
	"application",
	module_init,
	module_close
};
