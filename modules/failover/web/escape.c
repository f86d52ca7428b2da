/**
 * @file escape.c  Foreign text on the page: UTF-8, JSON, labels of metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "escape.h"


/* How many bytes a character has by its first one; 0: it cannot be one */
static size_t expected(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;

	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}


/**
 * Length of the UTF-8 character that a text begins with, RFC 3629
 *
 * @param p Text
 * @param l Its length [bytes]
 *
 * @return 1 to 4 [bytes], 0 if it is not a valid character
 */
size_t escape_length(const char *p, size_t l)
{
	const uint8_t *s = (const uint8_t *)p;
	const size_t n = l ? expected(s[0]) : 0;

	if (!n || n > l)
		return 0;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}

	/* spelled too long, a surrogate, above U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;

	return n;
}


static bool is_control(const char *p, size_t n)
{
	const uint8_t *s = (const uint8_t *)p;

	return (n == 1 && (s[0] < ' ' || s[0] == 0x7f)) ||
		(n == 2 && s[0] == 0xc2 && s[1] < 0xa0);
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

		const size_t n = escape_length(p, l);

		if (!n || is_control(p, n))
			return false;

		p += n;
		l -= n;
	}

	return true;
}


/**
 * Escape the character that a text begins with, for a string of JSON
 * (RFC 8259 section 7) or a label of Prometheus' text format. What is not
 * valid UTF-8 becomes U+FFFD.
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
	const size_t n = escape_length(p, l);
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

	if (json && is_control(p, n)) {
		(void)snprintf(hex, sizeof(hex), "\\u%04x",
			       (unsigned)(uint8_t)p[n - 1]);
		memcpy(to, hex, 6);
		return 6;
	}

	memcpy(to, p, n);

	return n;
}
