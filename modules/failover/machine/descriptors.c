/**
 * @file descriptors.c  The process' open file descriptors
 *
 * libre does not hand out its sockets, so they are found among all. To ask
 * the kernel of each number that there may be takes milliseconds; poll(2)
 * tells of many at a time which are open, and needs no descriptor for that.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <poll.h>
#include "descriptors.h"


enum {
	CHUNK = 256,
};


/**
 * Find the open descriptors
 *
 * @param fdv Returned descriptors; where the process' limit is below 256,
 *            some that are not open as well
 *
 * @return Number of them
 */
size_t descriptors_open(int fdv[DESCRIPTORS_MAX])
{
	struct pollfd pollv[CHUNK];
	size_t n = 0;

	for (int from = 0; from < DESCRIPTORS_MAX; from += CHUNK) {

		int found;

		for (int i = 0; i < CHUNK; i++) {
			pollv[i].fd      = from + i;
			pollv[i].events  = 0;
			pollv[i].revents = 0;
		}

		found = poll(pollv, CHUNK, 0);

		for (int i = 0; i < CHUNK; i++) {
			if (found < 0 || !(pollv[i].revents & POLLNVAL))
				fdv[n++] = from + i;
		}
	}

	return n;
}
