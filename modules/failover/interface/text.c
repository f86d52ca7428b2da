/**
 * @file text.c  Changes one part of a text
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "text.h"


/**
 * Does this word equal the name? Case does not matter, as in libre
 *
 * @param pl   Word
 * @param name Name
 *
 * @return True if it does
 */
bool text_is(const struct pl *pl, const char *name)
{
	return !pl_strcasecmp(pl, name);
}


/**
 * Does a word have this prefix? Case does not matter
 *
 * @param pl     Word
 * @param prefix Prefix
 *
 * @return True if it does
 */
bool text_begins(const struct pl *pl, const char *prefix)
{
	const struct pl head = { pl->p, strlen(prefix) };

	return pl->l >= head.l && text_is(&head, prefix);
}


/**
 * Find the end of a value as libre's `[~...]+` does. A blank or separator
 * within quotation marks does not end it. A backslash hides the character
 * after it. One pair of marks around the whole value is not part of it.
 *
 * @param raw   Returns the value with its quotation marks
 * @param val   Returns the value without them; empty if there is none
 * @param p     Start of the value
 * @param end   End of the text
 * @param stops Characters that end it
 */
void text_value(struct pl *raw, struct pl *val, const char *p,
		const char *end, const char *stops)
{
	bool quote = false, esc = false;

	raw->p = p;

	for (; p < end; p++) {

		if (esc)
			esc = false;
		else if (*p == '\\')
			esc = true;
		else if (*p == '"')
			quote = !quote;
		else if (!quote && *p && strchr(stops, *p))
			break;
	}

	raw->l = (size_t)(p - raw->p);
	*val   = *raw;

	if (raw->l > 1 && raw->p[0] == '"' && raw->p[raw->l - 1] == '"') {
		val->p += 1;
		val->l -= 2;
	}
}


static bool is_plain(const char *val, const char *plain)
{
	for (; *val; val++) {

		if ((*val < 'a' || *val > 'z') && (*val < 'A' || *val > 'Z') &&
		    (*val < '0' || *val > '9') && !strchr(plain, *val))
			return false;
	}

	return true;
}


/**
 * Can one of Baresip's files hold this value?
 *
 * @param val Value
 *
 * @return False if it has a quotation mark, a control character, or a
 *         backslash at the end, which would make libre read on
 */
bool text_is_writable(const char *val)
{
	for (const char *p = val; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == '"' || *p == 0x7f ||
		    (*p == '\\' && !p[1]))
			return false;
	}

	return true;
}


/**
 * Write a value as a person would: in quotation marks only if needed
 *
 * @param mb     Buffer
 * @param val    Value
 * @param quoted True to use quotation marks always
 * @param plain  Characters that need none, besides letters and digits
 *
 * @return 0 if success; EINVAL if a file cannot hold it
 */
int text_write_value(struct mbuf *mb, const char *val, bool quoted,
		     const char *plain)
{
	if (!text_is_writable(val))
		return EINVAL;

	return mbuf_printf(mb, quoted || !is_plain(val, plain) ?
			   "\"%s\"" : "%s", val);
}


/**
 * Replace a part of a text
 *
 * @param mbp  Returns the new text
 * @param text Text
 * @param old  Part of it; of length 0 to insert
 * @param with Text to put in its place
 *
 * @return 0 if success, otherwise errorcode
 */
int text_replace(struct mbuf **mbp, const struct pl *text,
		 const struct pl *old, const struct pl *with)
{
	const size_t head = (size_t)(old->p - text->p);
	const char *tail = old->p + old->l;
	struct mbuf *mb;
	int err = 0;

	mb = mbuf_alloc(text->l - old->l + with->l + 1);
	if (!mb)
		return ENOMEM;

	if (head)
		err |= mbuf_write_mem(mb, (const uint8_t *)text->p, head);
	if (with->l)
		err |= mbuf_write_mem(mb, (const uint8_t *)with->p, with->l);
	if (text->l > head + old->l)
		err |= mbuf_write_mem(mb, (const uint8_t *)tail,
				      text->l - head - old->l);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/**
 * Store the reason of a refusal; the first reason stays
 *
 * @param reasonp Returns the reason, to be released with mem_deref()
 * @param err     Errorcode to return
 * @param fmt     Formatted sentence
 *
 * @return err
 */
int text_reason(char **reasonp, int err, const char *fmt, ...)
{
	va_list ap;

	if (*reasonp)
		return err;

	va_start(ap, fmt);
	(void)re_vsdprintf(reasonp, fmt, ap);
	va_end(ap);

	return err;
}


/**
 * Copy a text
 *
 * @param mbp  Returns the copy
 * @param text Text
 *
 * @return 0 if success, otherwise errorcode
 */
int text_copy(struct mbuf **mbp, const struct pl *text)
{
	const struct pl none = { text->p, 0 };

	return text_replace(mbp, text, &none, &none);
}


/**
 * The whole text of a buffer
 *
 * @param mb Buffer
 *
 * @return Its text, part of the buffer
 */
struct pl text_of(const struct mbuf *mb)
{
	const struct pl pl = { (const char *)mb->buf, mb->end };

	return pl;
}
