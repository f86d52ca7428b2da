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


/** Of a header's name the first letter tells mostly that it is not read */
static const bool may_be_read[UINT8_MAX + 1] = {
	['c'] = true, ['e'] = true, ['f'] = true, ['i'] = true,
	['m'] = true, ['r'] = true, ['t'] = true, ['v'] = true,
	['C'] = true, ['E'] = true, ['F'] = true, ['I'] = true,
	['M'] = true, ['R'] = true, ['T'] = true, ['V'] = true,
};


/* Is the line a header of this name? Then `len` is set to the name's length */
static inline bool is(const char *p, const char *end, size_t *len,
		      const char *name)
{
	*len = strlen(name);

	return (size_t)(end - p) > *len &&
		(p[*len - 1] | 0x20) == (name[*len - 1] | 0x20) &&
		(p[*len] == ':' || plain_is_blank(p[*len])) &&
		plain_is_like(p, name, *len);
}


/* A single letter is the compact form, RFC 3261 section 7.3.3 */
static enum header header_of(const char *p, const char *end, size_t *len)
{
	switch (*p | 0x20) {

	case 'c':
		return is(p, end, len, "Contact") ? HEADER_CONTACT :
			is(p, end, len, "Call-ID") ? HEADER_CALLID :
			is(p, end, len, "CSeq") ? HEADER_CSEQ : HEADER_OTHER;

	case 'e':
		return is(p, end, len, "Expires") ? HEADER_EXPIRES :
			HEADER_OTHER;

	case 'f':
		return is(p, end, len, "From") || is(p, end, len, "f") ?
			HEADER_FROM : HEADER_OTHER;

	case 'i':
		return is(p, end, len, "i") ? HEADER_CALLID : HEADER_OTHER;

	case 'm':
		return is(p, end, len, "m") ? HEADER_CONTACT : HEADER_OTHER;

	case 'r':
		return is(p, end, len, "Route") ? HEADER_ROUTE : HEADER_OTHER;

	case 't':
		return is(p, end, len, "To") || is(p, end, len, "t") ?
			HEADER_TO : HEADER_OTHER;

	case 'v':
		return is(p, end, len, "Via") || is(p, end, len, "v") ?
			HEADER_VIA : HEADER_OTHER;

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


static bool read_start(struct glance *g, const char *p, const char *end)
{
	const size_t len = sizeof(version) - 1;
	const char *sp;
	struct pl rest;
	uint32_t scode;

	if (end > p && end[-1] == '\r')
		--end;

	if (glance_is_answer(p, (size_t)(end - p))) {

		rest.p = p + len + 1;
		rest.l = (size_t)(end - rest.p);
		if (!read_number(&scode, &rest, SCODE_DIGITS))
			return false;

		g->scode = (uint16_t)scode;

		return scode >= 100 && rest.l && rest.p[0] == ' ';
	}

	sp = end > p ? memchr(p, ' ', (size_t)(end - p)) : NULL;
	if (!sp || sp == p || (size_t)(end - p) < len + 3 ||
	    memcmp(end - len, version, len) || end[-(ptrdiff_t)len - 1] != ' ')
		return false;

	g->req   = true;
	g->met.p = p;
	g->met.l = (size_t)(sp - p);

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
		return true;

	case HEADER_TO:
		g->to = *val;
		return true;

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


/* What follows a header's name, up to the line end or the end of the text */
static inline bool value_of(struct pl *val, const char *p, const char *end)
{
	while (p < end && plain_is_blank(*p))
		++p;

	if (p == end || *p != ':')
		return false;

	++p;
	while (p < end && plain_is_space(*p))
		++p;
	while (end > p && plain_is_space(end[-1]))
		--end;

	val->p = p;
	val->l = (size_t)(end - p);

	return true;
}


static bool read_line(struct glance *g, const char *p, const char *end)
{
	enum header header;
	struct pl val;
	size_t len;

	header = header_of(p, end, &len);

	return header == HEADER_OTHER || !value_of(&val, p + len, end) ||
		read_header(g, header, &val);
}


static bool is_empty(const char *p, const char *lf)
{
	return lf == p || (lf == p + 1 && *p == '\r');
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
	const char *end = p + len, *lf;

	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p)));
	     p = lf + 1) {
		if (is_empty(p, lf))
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
	const char *end = p + len, *lf;

	memset(g, 0, sizeof(*g));

	lf = len ? memchr(p, '\n', len) : NULL;
	if (!lf || !read_start(g, p, lf))
		return false;

	for (p = lf + 1; p < end; p = lf + 1) {

		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			return false;

		if (is_empty(p, lf))
			return g->branch.l && g->callid.l && g->met.l &&
				g->from.l && g->to.l;

		/* a folded line */
		if (plain_is_space(*p))
			return false;

		if (may_be_read[(unsigned char)*p] && !read_line(g, p, lf))
			return false;
	}

	return false;
}


/**
 * Read who a message is from and to: URI and tags
 *
 * @param g Values of a message; those are added
 *
 * @return True if both are of the plain form. If not, libre must decode the
 *         message.
 */
bool glance_parties(struct glance *g)
{
	struct pl ignored;

	return read_address(&g->from_uri, &g->from_tag, &g->from) &&
		read_address(&ignored, &g->to_tag, &g->to);
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
	const char *end = p + len, *lf;
	struct pl val;

	lf = len ? memchr(p, '\n', len) : NULL;

	while (lf && lf + 1 < end) {

		p  = lf + 1;
		lf = memchr(p, '\n', (size_t)(end - p));

		if ((lf && is_empty(p, lf)) || plain_is_space(*p))
			break;

		if (!is(p, end, &len, "Via") && !is(p, end, &len, "v"))
			continue;

		/* ICMP may quote only a part */
		if (value_of(&val, p + len, lf ? lf : end)) {
			(void)read_via(&g, &val);
			break;
		}
	}

	*branch = g.branch;

	return branch->l > 0;
}
