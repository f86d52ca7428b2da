/**
 * @file entry.c  Lines in the text of an accounts file
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "entry.h"
#include "text.h"


/* The AOR, as Baresip makes it from the URI of an account line */
static int line_aor(char **aorp, const struct sip_addr *addr)
{
	struct uri uri;

	memset(&uri, 0, sizeof(uri));
	uri.scheme = addr->uri.scheme;
	uri.user   = addr->uri.user;
	uri.host   = addr->uri.host;
	uri.af     = addr->uri.af;
	uri.port   = addr->uri.port;
	uri.path   = addr->uri.path;

	return re_sdprintf(aorp, "%H", uri_encode, &uri);
}


/* Baresip copies the line into a buffer of limited size */
static struct pl as_read(const struct pl *text, size_t max)
{
	const struct pl pl = { text->p, strnlen(text->p, min(text->l, max)) };

	return pl;
}


/**
 * Next line as Baresip reads the file: it skips empty lines and those that
 * begin with #
 *
 * @param text Returns the line, without its line feed
 * @param aorp Returns its address, to be released with mem_deref()
 * @param p    Start of the line; returns that of the next
 * @param end  End of the file
 * @param max  How many characters of a line Baresip reads
 *
 * @return 0 if success; ENOENT at the end, or at a line that cannot be
 *         decoded, where Baresip stops reading
 */
int entry_next(struct pl *text, char **aorp, const char **p, const char *end,
	       size_t max)
{
	struct sip_addr addr;
	struct pl seen;

	do {
		const char *lf;

		if (*p >= end)
			return ENOENT;

		lf = memchr(*p, '\n', (size_t)(end - *p));
		text->p = *p;
		text->l = (size_t)((lf ? lf : end) - *p);
		*p += text->l + 1;

	} while (!text->l || *text->p == '#');

	seen = as_read(text, max);
	if (sip_addr_decode(&addr, &seen))
		return ENOENT;

	return line_aor(aorp, &addr);
}


/**
 * Does Baresip read all of a line?
 *
 * @param text    Line
 * @param max     How many characters it reads
 * @param reasonp Returns the reason if it does not
 *
 * @return 0 if it does, EMSGSIZE or EBADMSG
 */
int entry_is_whole(const struct pl *text, size_t max, char **reasonp)
{
	if (text->l > max)
		return text_reason(reasonp, EMSGSIZE, "the line has %zu"
				   " characters, Baresip reads %zu", text->l,
				   max);
	if (memchr(text->p, 0, text->l))
		return text_reason(reasonp, EBADMSG, "the line has a character"
				   " with code 0, Baresip reads up to it");
	return 0;
}
