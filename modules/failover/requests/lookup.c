/**
 * @file lookup.c  All addresses that a server's name stands for
 *
 * libre looks a name up for each request (RFC 3263: NAPTR, SRV, A and AAAA),
 * goes on to the next address when one has failed, and tells nobody. Whether
 * it has another one to go on to is asked here with a request that accepts no
 * destination: libre offers them one after the other, and none is sent to.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "line.h"
#include "lookup.h"
#include "sockets.h"
#include "target.h"
#include "timer.h"


enum {
	MAX_OFFERS = 2 * MAX_TARGETS,
	WAIT_MS    = 1000,           /**< A verdict waits no longer          */
	READY_MS   = 10,             /**< Look again for the helper          */
};

/* Lives until libre has ended the request: one that is dropped before would
   be sent after all, with nothing in it */
struct lookup {
	struct timer tmr;            /**< A verdict may wait                 */
	struct timer tmr_ask;        /**< Running: libre has no request yet  */
	struct line *line;           /**< NULL: gone                         */
	unsigned server;
	struct sa addrv[MAX_OFFERS];
	size_t addrc;

	/* An address that has failed; whether that is all, is known soon */
	struct sa dst;
	uint64_t since;              /**< 0: none                            */
	char reason[REASON_SIZE];
};


static lookup_judge_h *judge_h;


/**
 * Say who judges an address that has failed
 *
 * @param h Called when all addresses of its server's name are known
 */
void lookup_open(lookup_judge_h *h)
{
	judge_h = h;
}


static void destructor(void *arg)
{
	struct lookup *lookup = arg;

	timer_cancel(&lookup->tmr);
	timer_cancel(&lookup->tmr_ask);
}


static SEND_HANDLER(send_handler)
{
	struct lookup *lookup = arg;
	(void)tp;
	(void)src;
	(void)mb;

	SEND_HANDLER_UNUSED;

	if (lookup->addrc < MAX_OFFERS)
		lookup->addrv[lookup->addrc++] = *dst;

	return ECANCELED;
}


static void judge(struct lookup *lookup)
{
	timer_cancel(&lookup->tmr);

	if (lookup->since)
		judge_h(lookup->line, lookup->server, &lookup->dst,
			lookup->since, lookup->reason);
	lookup->since = 0;
}


/* Nothing more will come of it */
static void end(struct lookup *lookup)
{
	struct line *line = lookup->line;

	if (line) {
		line->lookupv[lookup->server - 1] = NULL;

		if (lookup->addrc)
			target_set(&line->serverv[lookup->server - 1],
				   lookup->addrv, lookup->addrc);

		judge(lookup);
	}

	mem_deref(lookup);
}


static void timeout_handler(void *arg)
{
	struct lookup *lookup = arg;

	if (timer_is_running(&lookup->tmr_ask))
		end(lookup);
	else
		judge(lookup);
}


static void response_handler(int err, const struct sip_msg *msg, void *arg)
{
	(void)err;
	(void)msg;

	end(arg);
}


static int ask(struct lookup *lookup)
{
	const char *uri = line_server(lookup->line, lookup->server)->uri;
	struct uri route;
	struct pl pl;
	int err;

	pl_set_str(&pl, uri);
	err = uri_decode(&route, &pl);
	if (err)
		return err;

	return sip_requestf(NULL, uag_sip(), true, "OPTIONS", uri, &route,
			    NULL, send_handler, response_handler, lookup,
			    "\r\n");
}


/* An empty packet is not to go out: see withhold.c */
static void ask_handler(void *arg)
{
	struct lookup *lookup = arg;

	if (COMPAT_CONNECTS_FIRST && !sockets_are_found())
		timer_start(&lookup->tmr_ask, READY_MS, ask_handler, lookup);
	else if (ask(lookup))
		end(lookup);
}


/**
 * Look up what a server's name stands for
 *
 * @param line   Line
 * @param server Server; nothing is done if it is not a name, if SRV records
 *               have named it, or if it is being looked up
 */
void lookup_start(struct line *line, unsigned server)
{
	struct lookup **lookupp = &line->lookupv[server - 1], *lookup;
	const struct server *srv = line_server(line, server);

	if (*lookupp || !server_is_name(srv))
		return;

	/* one that SRV records name: the next one is a server of its own */
	if (srv->srv)
		return;

	/* not at the price of a connection to each address */
	if (COMPAT_CONNECTS_FIRST && server_transp(srv) != SIP_TRANSP_UDP)
		return;

	lookup = mem_zalloc(sizeof(*lookup), destructor);
	if (!lookup)
		return;

	lookup->line   = line;
	lookup->server = server;
	*lookupp = lookup;

	timer_start(&lookup->tmr, WAIT_MS, timeout_handler, lookup);
	ask_handler(lookup);
}


/**
 * An address of a server has failed; if a lookup is under way, that is to be
 * judged at its end
 *
 * @param line   Line
 * @param server Server
 * @param dst    Address
 * @param since  When the request was sent that has shown it [ms]
 * @param reason What was seen
 *
 * @return True if it will be, by the handler of lookup_open()
 */
bool lookup_defer(struct line *line, unsigned server, const struct sa *dst,
		  uint64_t since, const char *reason)
{
	struct lookup *lookup = line->lookupv[server - 1];

	if (!lookup || !timer_is_running(&lookup->tmr))
		return false;

	lookup->dst   = *dst;
	lookup->since = since;
	str_ncpy(lookup->reason, reason, sizeof(lookup->reason));

	return true;
}


/**
 * Let go of what is being looked up for a line
 *
 * @param line Line, about to be freed
 */
void lookup_forget(struct line *line)
{
	for (unsigned i = 0; i < MAX_SERVERS; i++) {

		struct lookup *lookup = line->lookupv[i];

		if (!lookup)
			continue;

		line->lookupv[i] = NULL;

		if (timer_is_running(&lookup->tmr_ask)) {
			mem_deref(lookup);
			continue;
		}

		timer_cancel(&lookup->tmr);
		lookup->line = NULL;
	}
}
