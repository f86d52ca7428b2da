/**
 * @file form.c  Decodes a form or the parameters of a path
 *
 * application/x-www-form-urlencoded of the URL Standard
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <string.h>
#include "form.h"
#include "escape.h"


static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;

	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}


/* Decode a key or a value; advances `to` to the place of the next text */
static int decode(char **to, const char *p, size_t l)
{
	char *begin = *to, *t = begin;

	for (; l; p++, l--) {

		if (*p == '+') {
			*t++ = ' ';
		}
		else if (*p == '%') {

			if (l < 3 || hex(p[1]) < 0 || hex(p[2]) < 0)
				return EBADMSG;

			*t++ = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
			l -= 2;
		}
		else {
			*t++ = *p;
		}
	}

	if (!escape_is_plain(begin, (size_t)(t - begin)))
		return EBADMSG;

	*t++ = '\0';
	*to = t;

	return 0;
}


static int add_pair(struct form *form, char **to, const char *p, size_t l)
{
	const char *eq = memchr(p, '=', l);
	const size_t key_len = eq ? (size_t)(eq - p) : l;
	struct form_pair pair = { *to, NULL };

	if (form->pairc == FORM_PAIRS || decode(to, p, key_len))
		return EBADMSG;

	pair.val = *to;

	/* without "=" the key's terminator may be the last byte */
	if (!eq)
		pair.val = "";
	else if (decode(to, eq + 1, l - key_len - 1))
		return EBADMSG;

	if (!*pair.key || form_get(form, pair.key))
		return EBADMSG;

	form->pairv[form->pairc++] = pair;

	return 0;
}


/**
 * Decode a form
 *
 * @param form Form
 * @param p    Its text
 * @param l    Length of the text [bytes]
 *
 * @return 0 if success, EBADMSG if an escape is wrong, a text is not UTF-8 or
 *         has control characters, a key is empty or repeated, or there are too
 *         many; EMSGSIZE if it is too long
 */
int form_decode(struct form *form, const char *p, size_t l)
{
	char *to = form->text;

	form->pairc = 0;

	if (l > FORM_MAX)
		return EMSGSIZE;

	while (l) {

		const char *amp = memchr(p, '&', l);
		const size_t n = amp ? (size_t)(amp - p) : l;

		if (n && add_pair(form, &to, p, n))
			return EBADMSG;

		p += n + (amp ? 1 : 0);
		l -= n + (amp ? 1 : 0);
	}

	return 0;
}


/**
 * The value of a key
 *
 * @param form Form
 * @param key  Key
 *
 * @return Value, part of the form; NULL if there is none
 */
const char *form_get(const struct form *form, const char *key)
{
	for (size_t i = 0; i < form->pairc; i++) {
		if (!strcmp(form->pairv[i].key, key))
			return form->pairv[i].val;
	}

	return NULL;
}
