/**
 * @file error.c  What libre's and Baresip's texts say of an error
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "error.h"


/**
 * The status code in a text of Baresip's
 *
 * @param text As "503 Service Unavailable", or an error in words
 *
 * @return Status code, 0 if it is an error
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
 * Is a text what libre says of an error? Baresip hands on no more than that.
 *
 * @param text Error in words
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


/* Of the phone's own: memory, descriptors, room in a socket */
static const int wantv[] = { ENOMEM, EMFILE, ENFILE, ENOBUFS };


/**
 * Does an error say that this machine lacks something? No server is at fault
 * then.
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
 * The same of an error in words
 *
 * @param text Error in words
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
