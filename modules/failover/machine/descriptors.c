/**
 * @file descriptors.c  The process' open file descriptors
 *
 * libre does not give access to its sockets, so they are searched among all
 * descriptors. Asking the kernel about each possible number takes
 * milliseconds. poll(2) tells which of many are open, and needs no descriptor
 * itself.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <poll.h>
#include <sys/stat.h>
#include "descriptors.h"


enum {
	CHUNK = 256,
};


/**
 * Find the open descriptors
 *
 * @param fdv Returned descriptors; if the process' limit is below 256, some of
 *            them are not open
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


/**
 * Is there anything to read?
 *
 * @param fd Descriptor
 *
 * @return True if there is
 */
bool descriptors_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0 && pollfd.revents & POLLIN;
}


/**
 * What a socket is known by, whatever its descriptor is
 *
 * @param ino Returns the inode of its file
 * @param fd  Descriptor, may be -1
 *
 * @return True if it is an open socket
 */
bool descriptors_inode(ino_t *ino, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISSOCK(st.st_mode))
		return false;

	*ino = st.st_ino;

	return true;
}


/**
 * Is a descriptor still that socket's? It may have been closed, and its number
 * given to another one.
 *
 * @param fd  Descriptor, may be -1
 * @param ino The socket's inode
 *
 * @return True if it is
 */
bool descriptors_is(int fd, ino_t ino)
{
	ino_t now;

	return descriptors_inode(&now, fd) && now == ino;
}
