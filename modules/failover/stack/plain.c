/**
 * @file plain.c  Parts of a header's value in plain form
 *
 * The plain form is <URI>;params, with or without a quoted display name before
 * it. Most senders use it. Any other form is refused, and libre must decode
 * it.
 *
 * Plain C: calls no function of libre.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <strings.h>
#include "plain.h"


static const char scheme[] = "sip:";


static bool is_space(char c)
{
	return plain_is_blank(c) || c == '\r' || c == '\n';
}


static const char *skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		++p;

	return p;
}


/**
 * A parameter's value, like that of ;tag=abc or ;branch=abc
 *
 * @param val    Set to the value if there is one
 * @param params Parameters
 * @param name   Name of the parameter
 *
 * @return True if it has a value
 */
bool plain_param(struct pl *val, const struct pl *params, const char *name)
{
	const size_t len = strlen(name);
	const char *p = params->p, *end = params->p + params->l;

	while (p < end && (p = memchr(p, ';', (size_t)(end - p)))) {

		p = skip_space(p + 1, end);
		if ((size_t)(end - p) <= len || strncasecmp(p, name, len))
			continue;

		p = skip_space(p + len, end);
		if (p == end || *p != '=')
			continue;

		p = skip_space(p + 1, end);
		val->p = p;
		while (p < end && *p != ';' && !is_space(*p))
			++p;
		val->l = (size_t)(p - val->p);

		return val->l > 0;
	}

	return false;
}


/* The text after a display name, which is quoted if there is one */
static const char *skip_name(const struct pl *addr)
{
	const char *p = addr->p, *end = addr->p + addr->l;

	if (!addr->l || *p != '"')
		return p;

	for (++p; p < end && *p != '"' && *p != '\\'; p++)
		;

	return p < end && *p == '"' ? skip_space(p + 1, end) : end;
}


/**
 * Split an address
 *
 * @param uri    Set to its URI
 * @param params Set to the text after it
 * @param addr   Value of a From, To, Contact or Record-Route header
 *
 * @return True if the address is of the plain form
 */
bool plain_split(struct pl *uri, struct pl *params, const struct pl *addr)
{
	const char *end = addr->p + addr->l;
	const char *lt = skip_name(addr), *gt;

	gt = lt < end && *lt == '<' ? memchr(lt, '>', (size_t)(end - lt)) :
		NULL;
	if (!gt)
		return false;

	uri->p    = lt + 1;
	uri->l    = (size_t)(gt - lt - 1);
	params->p = gt + 1;
	params->l = (size_t)(end - gt - 1);

	return uri->l > 0 && !plain_has(params, '\\');
}


/**
 * The URI of an address
 *
 * @param uri  Set to the URI
 * @param addr Value of a From, To, Contact or Record-Route header
 *
 * @return True if the address is of the plain form
 */
bool plain_uri(struct pl *uri, const struct pl *addr)
{
	struct pl params;

	return !plain_has(addr, ',') && plain_split(uri, &params, addr);
}


/**
 * A parameter of an address, after its URI
 *
 * @param val  Set to the parameter's value, if it has one
 * @param addr Value of a From, To or Contact header
 * @param name Parameter
 *
 * @return True if the address is of the plain form, with the parameter or
 *         without
 */
bool plain_address_param(struct pl *val, const struct pl *addr,
			 const char *name)
{
	struct pl uri, params;

	val->p = NULL;
	val->l = 0;

	if (!plain_split(&uri, &params, addr))
		return false;

	(void)plain_param(val, &params, name);

	return !plain_has(val, '"');
}


/**
 * The user part of a URI
 *
 * @param user Set to it, empty if there is none
 * @param uri  URI
 *
 * @return True if the URI is of the plain form
 */
bool plain_uri_user(struct pl *user, const struct pl *uri)
{
	const size_t len = sizeof(scheme) - 1;
	const char *at;

	if (uri->l <= len || strncasecmp(uri->p, scheme, len))
		return false;

	at = memchr(uri->p, '@', uri->l);
	user->p = uri->p + len;
	user->l = at ? (size_t)(at - user->p) : 0;

	/* a password */
	return !plain_has(user, ':');
}


/**
 * The user part of an address
 *
 * @param user Set to it, empty if there is none
 * @param addr Value of a From, To or Contact header
 *
 * @return True if the address is of the plain form
 */
bool plain_user(struct pl *user, const struct pl *addr)
{
	struct pl uri, params;

	return plain_split(&uri, &params, addr) && plain_uri_user(user, &uri);
}
