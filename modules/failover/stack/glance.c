/**
 * @file glance.c  Reads the main values of a SIP message without decoding it
 *
 * libre's decoder parses every header, with one allocation each. To find out
 * whether a message matters, a few values are enough. This file reads them in
 * one pass over the lines. It accepts the plain form in which libre itself
 * sends. It refuses anything else: folded lines, several values in one line,
 * and quoted texts that could mislead. The caller then has libre decode the
 * message.
 *
 * Plain C: calls no function of libre.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <strings.h>
#include "glance.h"
#include "plain.h"


enum {
	SCODE_DIGITS = 3,
	CSEQ_DIGITS  = 10,
	UINT_BASE    = 10,
};

static const char version[] = "SIP/2.0";

/** The headers that are read */
enum header {
	HEADER_OTHER,
	HEADER_VIA,
	HEADER_CALLID,
	HEADER_CSEQ,
	HEADER_FROM,
	HEADER_TO,
	HEADER_CONTACT,
	HEADER_ROUTE,
	HEADER_EXPIRES,
};


/* Take the first line off the text, without its line end */
static inline bool next_line(struct pl *line, struct pl *text)
{
	const char *lf = text->l ? memchr(text->p, '\n', text->l) : NULL;

	if (!lf)
		return false;

	line->p = text->p;
	line->l = (size_t)(lf - text->p);
	text->p += line->l + 1;
	text->l -= line->l + 1;

	if (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	return true;
}


static bool is(const struct pl *name, const char *text)
{
	return !strncasecmp(name->p, text, name->l);
}


/* Most headers are told by their first letter that they are not read */
static bool may_be_read(char c)
{
	switch (c | 0x20) {

	case 'c': case 'e': case 'f': case 'i':
	case 'm': case 'r': case 't': case 'v':
		return true;

	default:
		return false;
	}
}


/* Names are told apart by length. A single letter is the compact form, RFC
   3261 section 7.3.3. */
static enum header header_of(const struct pl *name)
{
	switch (name->l) {

	case 1:
		return is(name, "v") ? HEADER_VIA :
			is(name, "i") ? HEADER_CALLID :
			is(name, "f") ? HEADER_FROM :
			is(name, "t") ? HEADER_TO :
			is(name, "m") ? HEADER_CONTACT : HEADER_OTHER;

	case 2:
		return is(name, "To") ? HEADER_TO : HEADER_OTHER;

	case 3:
		return is(name, "Via") ? HEADER_VIA : HEADER_OTHER;

	case 4:
		return is(name, "From") ? HEADER_FROM :
			is(name, "CSeq") ? HEADER_CSEQ : HEADER_OTHER;

	case 5:
		return is(name, "Route") ? HEADER_ROUTE : HEADER_OTHER;

	case 7:
		return is(name, "Call-ID") ? HEADER_CALLID :
			is(name, "Contact") ? HEADER_CONTACT :
			is(name, "Expires") ? HEADER_EXPIRES : HEADER_OTHER;

	default:
		return HEADER_OTHER;
	}
}


static bool read_number(uint32_t *n, struct pl *pl, size_t max)
{
	const char *p = pl->p;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < pl->l && i < max && p[i] >= '0' && p[i] <= '9'; i++)
		v = v * UINT_BASE + (uint64_t)(p[i] - '0');

	if (!i || v > UINT32_MAX)
		return false;

	*n = (uint32_t)v;
	pl->p += i;
	pl->l -= i;

	return true;
}


static bool read_start(struct glance *g, const struct pl *line)
{
	const size_t len = sizeof(version) - 1;
	const char *sp;
	struct pl rest;
	uint32_t scode;

	if (glance_is_answer(line->p, line->l)) {

		rest.p = line->p + len + 1;
		rest.l = line->l - len - 1;
		if (!read_number(&scode, &rest, SCODE_DIGITS))
			return false;

		g->scode = (uint16_t)scode;

		return scode >= 100 && rest.l && rest.p[0] == ' ';
	}

	sp = line->l ? memchr(line->p, ' ', line->l) : NULL;
	if (!sp || sp == line->p || line->l < len + 3 ||
	    memcmp(line->p + line->l - len, version, len) ||
	    line->p[line->l - len - 1] != ' ')
		return false;

	g->req   = true;
	g->met.p = line->p;
	g->met.l = (size_t)(sp - line->p);

	return true;
}


static bool read_via(struct glance *g, const struct pl *val)
{
	return !plain_has(val, ',') && !plain_has(val, '"') &&
		!plain_has(val, '\\') && plain_param(&g->branch, val, "branch");
}


static bool read_address(struct pl *uri, struct pl *tag, const struct pl *val)
{
	struct pl params;

	if (!plain_split(uri, &params, val))
		return false;

	(void)plain_param(tag, &params, "tag");

	return !plain_has(tag, '"');
}


static bool read_cseq(struct glance *g, struct pl *val)
{
	if (!read_number(&g->cseq, val, CSEQ_DIGITS) || !val->l ||
	    !plain_is_blank(val->p[0]))
		return false;

	plain_trim(val);

	/* libre uses the method in the request line */
	if (g->req)
		return val->l == g->met.l &&
			!memcmp(val->p, g->met.p, val->l);

	g->met = *val;

	return val->l > 0;
}


/* The first header of each name counts. Returns false if it is not plain. */
static bool read_header(struct glance *g, enum header header, struct pl *val)
{
	struct pl ignored;

	switch (header) {

	case HEADER_VIA:
		return g->branch.l || read_via(g, val);

	case HEADER_CALLID:
		if (!g->callid.l)
			g->callid = *val;
		return val->l > 0;

	case HEADER_CSEQ:
		return g->cseq ? true : read_cseq(g, val);

	case HEADER_FROM:
		g->from = *val;
		return read_address(&g->from_uri, &g->from_tag, val);

	case HEADER_TO:
		g->to = *val;
		return read_address(&ignored, &g->to_tag, val);

	case HEADER_CONTACT:
		if (!g->contact.l)
			g->contact = *val;
		return val->l && !plain_has(val, ',');

	case HEADER_ROUTE:
		if (!g->route.l)
			g->route = *val;
		return val->l && !plain_has(val, ',');

	case HEADER_EXPIRES:
		g->expires = *val;
		return true;

	case HEADER_OTHER:
	default:
		return true;
	}
}


static bool read_line(struct glance *g, const struct pl *line)
{
	const char *colon;
	enum header header;
	struct pl name, val;

	/* a folded line */
	if (plain_is_space(line->p[0]))
		return false;

	if (!may_be_read(line->p[0]))
		return true;

	colon = memchr(line->p, ':', line->l);
	if (!colon)
		return false;

	name.p = line->p;
	name.l = (size_t)(colon - line->p);
	plain_trim(&name);

	header = header_of(&name);
	if (header == HEADER_OTHER)
		return true;

	val.p = colon + 1;
	val.l = line->l - (size_t)(val.p - line->p);
	plain_trim(&val);

	return read_header(g, header, &val);
}


/**
 * Is a message a response?
 *
 * @param p   Message, or its beginning
 * @param len Its length
 *
 * @return True if it is, false if it is a request
 */
bool glance_is_answer(const char *p, size_t len)
{
	const size_t n = sizeof(version) - 1;

	return len > n && !memcmp(p, version, n) && p[n] == ' ';
}


/**
 * Is a message a provisional response (1xx)?
 *
 * @param p   Message, or its beginning
 * @param len Its length
 *
 * @return True if it is
 */
bool glance_is_provisional(const char *p, size_t len)
{
	return glance_is_answer(p, len) && len > sizeof(version) &&
		p[sizeof(version)] == '1';
}


/**
 * Is the empty line after the headers there?
 *
 * @param p   Message
 * @param len Its length
 *
 * @return True if it is
 */
bool glance_is_whole(const char *p, size_t len)
{
	struct pl text = { p, len }, line;

	while (next_line(&line, &text)) {
		if (!line.l)
			return true;
	}

	return false;
}


/**
 * Read a message
 *
 * @param g   Set to its values
 * @param p   Message
 * @param len Its length
 *
 * @return True if it is of the plain form. If not, the values are invalid and
 *         libre must decode the message.
 */
bool glance_read(struct glance *g, const char *p, size_t len)
{
	struct pl text = { p, len }, line;

	memset(g, 0, sizeof(*g));

	if (!next_line(&line, &text) || !read_start(g, &line))
		return false;

	while (next_line(&line, &text)) {

		if (!line.l)
			return g->branch.l && g->callid.l && g->met.l &&
				g->from.l && g->to.l;

		if (!read_line(g, &line))
			return false;
	}

	return false;
}


/**
 * The branch of a request's topmost Via. A parameter of this name in the
 * Request-URI is skipped.
 *
 * @param branch Set to the branch, or to its beginning if the text ends there
 * @param p      Request, or its beginning
 * @param len    Its length
 *
 * @return True if it was found
 */
bool glance_branch(struct pl *branch, const char *p, size_t len)
{
	struct glance g = {0};
	struct pl text = { p, len }, line;

	if (!next_line(&line, &text))
		return false;

	while (!g.branch.l && text.l) {

		/* ICMP may quote only a part */
		if (!next_line(&line, &text)) {
			line   = text;
			text.l = 0;
		}

		if (!line.l || !read_line(&g, &line))
			break;
	}

	*branch = g.branch;

	return branch->l > 0;
}
