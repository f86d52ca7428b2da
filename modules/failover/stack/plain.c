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
#include <ctype.h>
#include <string.h>
#include "plain.h"


static const char scheme[] = "sip:";

/** What ends the value of a parameter */
static const bool ends_value[UINT8_MAX + 1] = {
	[';'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
};


static inline const char *skip_space(const char *p, const char *end)
{
	while (p < end && plain_is_space(*p))
		++p;

	return p;
}


static bool is_named(const char *p, const char *end, const char *name,
		     size_t len)
{
	return (size_t)(end - p) > len && (*p | 0x20) == (*name | 0x20) &&
		plain_is_like(p, name, len);
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
		if (!is_named(p, end, name, len))
			continue;

		p = skip_space(p + len, end);
		if (p == end || *p != '=')
			continue;

		p = skip_space(p + 1, end);
		val->p = p;
		while (p < end && !ends_value[(unsigned char)*p])
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
 * A parameter of an address, among all of them
 *
 * @param val    Set to the parameter's value, if it has one
 * @param params Parameters
 * @param name   Parameter
 *
 * @return True if they are of the plain form, with the parameter or without
 */
bool plain_read_param(struct pl *val, const struct pl *params,
		      const char *name)
{
	val->p = NULL;
	val->l = 0;

	(void)plain_param(val, params, name);

	return !plain_has(params, '\\') && !plain_has(val, '"');
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

	return plain_split(&uri, &params, addr) &&
		plain_read_param(val, &params, name);
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

	if (uri->l <= len || !plain_is_like(uri->p, scheme, len))
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


static bool is_word(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return false;
	}

	return true;
}


/* What follows the host: a port, and parameters */
static bool read_port(struct uri *uri, const char *p, const char *end)
{
	uint32_t port = 0;

	if (p < end && *p == ':') {

		for (++p; p < end && isdigit((unsigned char)*p) &&
			     port <= UINT16_MAX; p++)
			port = port * 10 + (uint32_t)(*p - '0');

		if (!port || port > UINT16_MAX)
			return false;
	}

	uri->port     = (uint16_t)port;
	uri->params.p = p;
	uri->params.l = (size_t)(end - p);

	return p == end || (*p == ';' && !plain_has(&uri->params, '?') &&
			    !plain_has(&uri->params, ' '));
}


/**
 * Decode a URI: user, host, port and parameters
 *
 * @param uri Set to its parts, without the address family
 * @param pl  URI
 *
 * @return True if it is of the plain form
 */
bool plain_uri_decode(struct uri *uri, const struct pl *pl)
{
	const char *end = pl->p + pl->l, *p;

	memset(uri, 0, sizeof(*uri));

	if (!plain_uri_user(&uri->user, pl))
		return false;

	uri->scheme.p = pl->p;
	uri->scheme.l = sizeof(scheme) - 2;

	p = uri->user.p + (uri->user.l ? uri->user.l + 1 : 0);
	uri->host.p = p;
	while (p < end && *p != ':' && *p != ';')
		++p;
	uri->host.l = (size_t)(p - uri->host.p);

	return uri->host.l && is_word(uri->host.p, p) &&
		is_word(uri->user.p, uri->user.p + uri->user.l) &&
		read_port(uri, p, end);
}
