/**
 * @file error.c  The errors in texts of libre and Baresip
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "error.h"


/**
 * The status code in a text from Baresip
 *
 * @param text Like "503 Service Unavailable", or an error text
 *
 * @return Status code, 0 if it is an error text
 */
uint16_t error_status_code(const char *text)
{
	struct pl pl = { .p = text, .l = 3 };

	for (unsigned i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
	}

	return text[3] == ' ' || !text[3] ? (uint16_t)pl_u32(&pl) : 0;
}


/**
 * Is a text libre's text of this error? Baresip passes on only the text.
 *
 * @param text Error text
 * @param err  Error code
 *
 * @return True if it is
 */
bool error_is(const char *text, int err)
{
	char buf[128];

	(void)re_snprintf(buf, sizeof(buf), "%m", err);

	return !strcmp(text, buf);
}


/* The phone lacks memory, descriptors, or room in a socket */
static const int wantv[] = { ENOMEM, EMFILE, ENFILE, ENOBUFS };


/**
 * Does an error mean that this machine lacks a resource? Then no server is at
 * fault.
 *
 * @param err Error code
 *
 * @return True if it does
 */
bool error_is_want(int err)
{
	for (size_t i = 0; i < sizeof(wantv) / sizeof(wantv[0]); i++) {
		if (err == wantv[i])
			return true;
	}

	return false;
}


/**
 * Does an error text mean that this machine lacks a resource?
 *
 * @param text Error text
 *
 * @return True if it does
 */
bool error_says_want(const char *text)
{
	for (size_t i = 0; i < sizeof(wantv) / sizeof(wantv[0]); i++) {
		if (error_is(text, wantv[i]))
			return true;
	}

	return false;
}
