/**
 * @file output.c  What the module prints is text, and gives nothing away
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE 1
#include "baresip.h"


/* Bytes of the character that begins here, 0: this is not UTF-8 (RFC 3629) */
static size_t character(const uint8_t *p, size_t left)
{
	const size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
		p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n > left)
		return 0;

	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
	}

	return n;
}


/** Lines of UTF-8 without control characters */
void output_check(const struct mbuf *mb)
{
	size_t i = 0, n;

	while (i < mb->end) {

		const uint8_t c = mb->buf[i];

		must(c == '\n' || (c >= ' ' && c != 0x7f));
		n = character(&mb->buf[i], mb->end - i);
		must(n > 0);
		i += n;
	}
}


/** JSON that libre can read */
void output_check_json(const struct mbuf *mb)
{
	struct odict *od = NULL;

	output_check(mb);
	must(!json_decode_odict(&od, 32, (const char *)mb->buf, mb->end, 16));
	mem_deref(od);
}


/** A secret that was not given is not told */
void output_check_secret(const struct mbuf *mb, const char *secret,
			 const uint8_t *data, size_t size)
{
	const size_t n = strlen(secret);

	must(!memmem(mb->buf, mb->end, secret, n) ||
	     memmem(data, size, secret, n));
}
