/**
 * @file escape.c  Foreign text on the page: JSON, labels of metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "escape.h"
#include "foreign.h"


static bool is_control(uint32_t chr)
{
	return chr < ' ' || (chr >= 0x7f && chr <= 0x9f);
}


/**
 * Is a text valid UTF-8 without control characters?
 *
 * @param p Text
 * @param l Its length [bytes]
 *
 * @return True if it is
 */
bool escape_is_plain(const char *p, size_t l)
{
	while (l) {

		uint32_t chr;
		const size_t n = foreign_decode(&chr, p, l);

		if (!n || is_control(chr))
			return false;

		p += n;
		l -= n;
	}

	return true;
}


/**
 * Escape the first character of a text, for a JSON string (RFC 8259 section 7)
 * or a label in the text format of Prometheus. Invalid UTF-8 becomes U+FFFD.
 *
 * @param to   Room for 8 bytes; not terminated
 * @param p    Text
 * @param l    Its length, 1 or more [bytes]
 * @param used Bytes of the text that were read
 * @param json True for JSON, false for a label
 *
 * @return Bytes written
 */
size_t escape_next(char *to, const char *p, size_t l, size_t *used,
		   bool json)
{
	static const char replacement[] = {'\xef', '\xbf', '\xbd'};
	uint32_t chr;
	const size_t n = foreign_decode(&chr, p, l);
	char hex[8];

	*used = n ? n : 1;

	if (!n) {
		memcpy(to, replacement, sizeof(replacement));
		return sizeof(replacement);
	}

	if (*p == '"' || *p == '\\' || *p == '\n') {
		to[0] = '\\';
		to[1] = *p;
		if (*p == '\n')
			to[1] = 'n';
		return 2;
	}

	if (json && is_control(chr)) {
		(void)snprintf(hex, sizeof(hex), "\\u%04x", (unsigned)chr);
		memcpy(to, hex, 6);
		return 6;
	}

	memcpy(to, p, n);

	return n;
}
