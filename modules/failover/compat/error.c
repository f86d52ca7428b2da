/**
 * @file error.c  What libre's and Baresip's texts say of an error
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
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
