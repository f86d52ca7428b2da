/**
 * @file media.c  When the far end was last heard
 *
 * Baresip counts the packets of a stream, but for one that is on hold, and
 * does not tell when the last one came. So the counters of a call that is up
 * are looked at once a second.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "clock.h"
#include "media.h"
#include "timer.h"


enum {
	LOOK_MS = 1000,
};

struct media {
	struct timer tmr;
	const struct ua *ua;
	const struct call *call;     /**< May have been freed                */
	char *callid;
	uint64_t packets;            /**< Received so far                    */
	uint64_t heard;              /**< When they last grew, 0: never [ms] */
};


static void destructor(void *arg)
{
	struct media *media = arg;

	timer_cancel(&media->tmr);
	mem_deref(media->callid);
}


static struct call *find_call(const struct media *media)
{
	struct le *le;

	for (le = list_head(ua_calls(media->ua)); le; le = le->next) {

		struct call *call = le->data;

		if (call == media->call &&
		    !str_cmp(call_id(call), media->callid))
			return call;
	}

	return NULL;
}


static uint64_t count(const struct call *call)
{
	uint64_t packets = 0;
	struct le *le;

	for (le = list_head(call_streaml(call)); le; le = le->next)
		packets += stream_metric_get_rx_n_packets(le->data);

	return packets;
}


static void look_handler(void *arg)
{
	struct media *media = arg;
	const struct call *call = find_call(media);
	uint64_t packets;

	timer_start(&media->tmr, LOOK_MS, look_handler, media);

	if (!call)
		return;

	packets = count(call);
	if (packets > media->packets)
		media->heard = clock_ms();

	media->packets = packets;
}


/**
 * Begin to look at the media of a call
 *
 * @param mediap Pointer to allocated object
 * @param ua     User agent of the call; outlives the object
 * @param call   Call; may be freed before the object
 * @param callid Call-ID
 *
 * @return 0 if success, otherwise errorcode
 */
int media_alloc(struct media **mediap, const struct ua *ua,
		const struct call *call, const char *callid)
{
	struct media *media = mem_zalloc(sizeof(*media), destructor);

	if (!media)
		return ENOMEM;

	media->ua   = ua;
	media->call = call;
	if (str_dup(&media->callid, callid)) {
		mem_deref(media);
		return ENOMEM;
	}

	timer_start(&media->tmr, LOOK_MS, look_handler, media);
	*mediap = media;

	return 0;
}


/**
 * Has the far end been heard of late?
 *
 * @param media Object, may be NULL
 * @param since From then on [ms]; it is known to the second
 *
 * @return True if it has
 */
bool media_flows(const struct media *media, uint64_t since)
{
	return media && media->heard && media->heard >= since;
}
