/**
 * @file reset_shim.c  Lets Baresip reopen its SIP sockets
 *
 * Preloaded. At SIGURG Baresip does by itself what it does when it has found
 * another address.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

typedef int (reset_h)(bool reg, bool reinvite);


/* The process waits for its sockets: nothing of it is under way */
static void reset(int sig)
{
	reset_h *h = (reset_h *)(intptr_t)dlsym(RTLD_DEFAULT,
						"uag_reset_transp");
	(void)sig;

	if (h)
		(void)h(true, true);
}


__attribute__((constructor)) static void start(void)
{
	(void)signal(SIGURG, reset);
}
