/**
 * @file secret.c  Hides passwords in the text of Baresip's files
 *
 * A password is the value of a parameter or key whose name says so, in a
 * comment too, or the part after the user of a URI. In doubt the text is
 * hidden.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "secret.h"
#include "text.h"


static const char HIDDEN[] = "***";
static const char BLANKS[] = " \t\r\n";


static bool is_one_of(char c, const char *chars)
{
	return c && strchr(chars, c);
}


static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || is_one_of(c, "_-.");
}


/* Does a name say that its value is a password? */
static bool is_secret(const struct pl *name)
{
	static const char *const wordv[] = {"pass", "secret", "pwd", "token"};
	struct pl rest;

	for (rest = *name; rest.l; pl_advance(&rest, 1)) {

		if (!is_one_of(*rest.p, "PSTpst"))
			continue;

		for (size_t i = 0; i < RE_ARRAY_SIZE(wordv); i++) {
			if (text_begins(&rest, wordv[i]))
				return true;
		}
	}

	return false;
}


static const char *skip(const char *p, const char *end, const char *chars)
{
	while (p < end && is_one_of(*p, chars))
		++p;

	return p;
}


static const char *find(const char *p, const char *end, const char *chars)
{
	while (p < end && !is_one_of(*p, chars))
		++p;

	return p;
}


/* The value after a name: of a parameter, or of a key at the start of a line.
   A key's value may include the lines after it. */
static struct pl value(const struct pl *name, bool first, bool quote,
		       const char *eol, const char *end)
{
	const char *p = skip(name->p + name->l, eol, BLANKS);
	struct pl raw = { p, 0 }, val;

	if (p < eol && *p == '=') {

		p = skip(p + 1, eol, BLANKS);

		if (quote) {
			raw.p = p;
			raw.l = (size_t)(find(p, eol, "\";") - p);
			return raw;
		}

		text_value(&raw, &val, p, eol, " \t\r\n;");
	}
	else if (first && p > name->p + name->l) {
		text_value(&raw, &val, p, end, BLANKS);
	}

	return raw;
}


static void hide(bool *hidden, const struct pl *text, const char *p, size_t n)
{
	memset(hidden + (p - text->p), true, n);
}


/* Hide the passwords that have a name */
static void hide_named(bool *hidden, const struct pl *text, const char *line,
		       const char *eol)
{
	const char *first = skip(line, eol, " \t#"), *p = line;
	bool quote = false;

	while (p < eol) {

		struct pl name = { p, 0 }, val;

		if (*p == '"')
			quote = !quote;

		while (p < eol && is_word(*p))
			++p;

		name.l = (size_t)(p - name.p);
		if (!name.l) {
			++p;
			continue;
		}

		if (!is_secret(&name))
			continue;

		val = value(&name, name.p == first, quote, eol,
			    text->p + text->l);
		hide(hidden, text, val.p, val.l);
		if (val.l)
			p = min(val.p + val.l, eol);
	}
}


/* Hide the password in scheme:user:password@ */
static void hide_in_uris(bool *hidden, const struct pl *text, const char *line,
			 const char *eol)
{
	static const char DELIMITERS[] = "<>\", \t\r\n";
	const char *p = line, *end, *user, *pass, *at, *next;

	while ((p = skip(p, eol, DELIMITERS)) < eol) {

		end  = find(p, eol, DELIMITERS);
		user = find(p, end, ":");
		pass = find(min(user + 1, end), end, ":@");
		at   = find(pass, end, "@");

		if (pass < end && *pass == ':' && at < end) {

			/* an "@" within the password, which libre does not
			   accept */
			while ((next = find(at + 1, end, "@;")) < end &&
			       *next == '@')
				at = next;

			++pass;
			hide(hidden, text, pass, (size_t)(at - pass));
		}

		/* the parameters may contain another URI */
		p = min(find(p, end, ";=") + 1, end);
	}
}


/* Each hidden part becomes one mark; the number of lines stays the same */
static int print_hidden(struct mbuf *mb, const char *p, size_t n)
{
	int err;

	err = mbuf_write_str(mb, HIDDEN);

	while (n-- && !err) {
		if (*p++ == '\n')
			err = mbuf_write_u8(mb, '\n');
	}

	return err;
}


static int print_parts(struct mbuf *mb, const struct pl *text,
		       const bool *hidden)
{
	size_t begin, end;
	int err = 0;

	for (begin = 0; begin < text->l && !err; begin = end) {

		const char *p = text->p + begin;

		for (end = begin; end < text->l; end++) {
			if (hidden[end] != hidden[begin])
				break;
		}

		err = hidden[begin] ? print_hidden(mb, p, end - begin) :
			mbuf_write_mem(mb, (const uint8_t *)p, end - begin);
	}

	return err;
}


/**
 * Replace the passwords of a text by stars
 *
 * @param mbp  Returns the text without passwords, with as many lines
 * @param text Text of an accounts or config file
 *
 * @return 0 if success, otherwise errorcode
 */
int secret_hide(struct mbuf **mbp, const struct pl *text)
{
	const char *end = text->p + text->l, *eol, *p;
	struct mbuf *mb;
	bool *hidden;
	int err;

	hidden = mem_zalloc(text->l + 1, NULL);
	mb     = mbuf_alloc(text->l + 1);
	if (!hidden || !mb) {
		err = ENOMEM;
		goto out;
	}

	for (p = text->p; p < end; p = eol + 1) {

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;

		hide_named(hidden, text, p, eol);
		hide_in_uris(hidden, text, p, eol);
	}

	err = print_parts(mb, text, hidden);

 out:
	mem_deref(hidden);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}
