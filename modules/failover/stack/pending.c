/**
 * @file pending.c  TCP connections that nobody has accepted yet
 *
 * What libre sends over such a connection waits in a queue that nobody else
 * sees. The socket does not tell its peer before it is connected. So it is
 * looked up in the kernel's table, proc(5).
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "descriptors.h"
#include "pending.h"


enum {
	SYN_SENT   = 2,              /**< Value in the table                 */
	NAME_SIZE  = 48,             /**< Of an address in the table         */
	LINE_SIZE  = 256,
	WORDS      = 4,              /**< Of 32 bits, in an IPv6 address     */
	MAX_FOUND  = 16,             /**< More are not ended at once         */
};


/* As the table has it: each word of the address as the machine reads it */
static void print_peer(char name[NAME_SIZE], const struct sa *dst)
{
	const size_t n = sa_af(dst) == AF_INET6 ? WORDS : 1;
	uint32_t wordv[WORDS];
	size_t pos = 0;

	if (n == WORDS)
		memcpy(wordv, &dst->u.in6.sin6_addr, sizeof(wordv));
	else
		wordv[0] = dst->u.in.sin_addr.s_addr;

	for (size_t i = 0; i < n; i++, pos += 8)
		(void)snprintf(&name[pos], NAME_SIZE - pos, "%08" PRIX32,
			       wordv[i]);

	(void)snprintf(&name[pos], NAME_SIZE - pos, ":%04X", sa_port(dst));
}


/* The sockets of this machine that wait for the peer's answer */
static size_t find(unsigned long inodev[MAX_FOUND], const struct sa *dst)
{
	char text[LINE_SIZE], peer[NAME_SIZE], name[NAME_SIZE];
	unsigned long inode;
	unsigned state;
	size_t n = 0;
	FILE *f;

	f = fopen(sa_af(dst) == AF_INET6 ? "/proc/self/net/tcp6" :
		  "/proc/self/net/tcp", "re");
	if (!f)
		return 0;

	print_peer(peer, dst);

	while (n < MAX_FOUND && fgets(text, sizeof(text), f)) {

		if (sscanf(text, "%*s %*s %47s %x %*s %*s %*s %*s %*s %lu",
			   name, &state, &inode) == 3 &&
		    state == SYN_SENT && !strcmp(name, peer))
			inodev[n++] = inode;
	}

	(void)fclose(f);

	return n;
}


static bool is_one(int fd, const unsigned long *inodev, size_t n)
{
	ino_t ino;

	if (!descriptors_inode(&ino, fd))
		return false;

	for (size_t i = 0; i < n; i++) {
		if (ino == inodev[i])
			return true;
	}

	return false;
}


static bool look(const struct sa *dst, bool end)
{
	unsigned long inodev[MAX_FOUND];
	int fdv[DESCRIPTORS_MAX];
	const size_t found = find(inodev, dst);
	const size_t n = found ? descriptors_open(fdv) : 0;
	bool ours = false;

	for (size_t i = 0; i < n; i++) {

		if (!is_one(fdv[i], inodev, found))
			continue;

		ours = true;
		if (end)
			(void)shutdown(fdv[i], SHUT_RDWR);
	}

	return ours;
}


/**
 * Does a connection of this process wait for a peer to accept it?
 *
 * @param dst Peer's address
 *
 * @return True if one does
 */
bool pending_is_there(const struct sa *dst)
{
	return look(dst, false);
}


/**
 * End the connections of this process that a peer has not accepted. libre
 * reads "connection reset", and the requests that wait for it fail.
 *
 * @param dst Peer's address
 */
void pending_end(const struct sa *dst)
{
	(void)look(dst, true);
}
