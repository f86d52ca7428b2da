/**
 * @file foreign.c  Text that others have written
 *
 * A reason phrase, a name in a certificate and a Call-ID come from the
 * network, and go to a terminal, a log file and JSON. This file replaces the
 * characters that could do harm there.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "foreign.h"


/**
 * Decode the first UTF-8 character of a text. RFC 3629 section 4 allows no
 * overlong form and no surrogate.
 *
 * @param chr  Set to the character
 * @param text Text
 * @param len  Its length [bytes]
 *
 * @return Length of the character, 1 to 4 [bytes]; 0 if it is not valid
 */
size_t foreign_decode(uint32_t *chr, const char *text, size_t len)
{
	static const uint32_t minv[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t n = 0;

	if (!len)
		return 0;

	if (*s < 0x80)
		n = 1;
	else if (*s >= 0xc0 && *s < 0xe0)
		n = 2;
	else if (*s >= 0xe0 && *s < 0xf0)
		n = 3;
	else if (*s >= 0xf0 && *s < 0xf8)
		n = 4;

	if (!n || n > len)
		return 0;

	*chr = n == 1 ? *s : *s & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*chr = *chr << 6 | (s[i] & 0x3f);
	}

	if (*chr < minv[n] || *chr > 0x10ffff ||
	    (*chr >= 0xd800 && *chr <= 0xdfff))
		return 0;

	return n;
}


/* Control characters, and the Unicode characters that end a line or change its
   direction: they would show the rest of the text in another place. */
static bool is_control(uint32_t chr)
{
	return chr < 0x20 || (chr >= 0x7f && chr <= 0x9f) ||
		chr == 0x061c || chr == 0x200e || chr == 0x200f ||
		(chr >= 0x2028 && chr <= 0x202e) ||
		(chr >= 0x2066 && chr <= 0x2069);
}


/**
 * Copy a text that somebody else has written. Each control character, and
 * each byte that is not part of a UTF-8 character, becomes a question mark.
 * What does not fit is cut off at a whole character.
 *
 * @param dst  Buffer; may be that of the text, since the text never grows
 * @param size Its size, above 0
 * @param src  Text
 * @param len  Its length [bytes]; the text may contain zero bytes
 */
void foreign_clean(char *dst, size_t size, const char *src, size_t len)
{
	size_t pos = 0;

	while (len) {

		uint32_t chr;
		size_t n = foreign_decode(&chr, src, len);
		const bool bad = !n || is_control(chr);
		const size_t room = bad ? 1 : n;

		if (pos + room >= size)
			break;

		if (bad)
			dst[pos] = '?';
		else
			memmove(&dst[pos], src, n);

		if (!n)
			n = 1;

		pos += room;
		src += n;
		len -= n;
	}

	dst[pos] = '\0';
}


/**
 * Write an answer as text, such as "INVITE: 503 Service Unavailable"
 *
 * @param dst    Buffer
 * @param size   Its size, above 0
 * @param met    Method, NULL to leave it out
 * @param scode  Status code
 * @param reason Reason phrase as received; see foreign_clean()
 * @param len    Its length, in bytes
 */
void foreign_answer(char *dst, size_t size, const char *met, unsigned scode,
		    const char *reason, size_t len)
{
	const int n = snprintf(dst, size, "%s%s%u ", met ? met : "",
			       met ? ": " : "", scode);

	if (n >= 0 && (size_t)n < size)
		foreign_clean(dst + n, size - (size_t)n, reason, len);
}
