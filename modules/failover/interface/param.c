/**
 * @file param.c  Parameters in the text of an account line
 *
 * libre searches for `;name=` anywhere, even within the quotation marks of
 * another parameter. It takes the first one that has a value.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "param.h"
#include "text.h"


enum {
	NAME_SIZE = 64,
};

static const char BLANKS[] = " \t\r\n";

/* Parameters that Baresip 1.0 to 4.11 reads as a number */
static const char *const numberv[] = {
	"answerdelay", "autelev_pt", "fbregint", "prio", "ptime", "pubint",
	"regint", "rwait", "tcpsrcport",
};

/* Those that it reads as text, besides failover* and outbound* */
static const char *const textv[] = {
	"100rel", "answermode", "audio_codecs", "audio_player",
	"audio_source", "auth_pass", "auth_user", "call_transfer", "catchall",
	"cert", "check_origin", "dtmfmode", "extra", "inreq_allowed",
	"mediaenc", "medianat", "mwi", "natpinhole", "regq", "rtcp_mux",
	"sip_autoanswer", "sip_autoanswer_beep", "sip_autoredirect", "sipnat",
	"stunpass", "stunserver", "stunuser", "uas_pass", "uas_user",
	"video_codecs", "video_display", "video_source",
};

/* Parameters of a SIP URI (RFC 3261 section 19.1.1), which stand within the
   value of outbound= and which nobody looks for in an account line */
static const char *const uriv[] = {
	"lr", "maddr", "method", "transport", "ttl", "user",
};


static bool is_in(const struct pl *name, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text_is(name, v[i]))
			return true;
	}

	return false;
}


static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && *p && strchr(BLANKS, *p))
		++p;

	return p;
}


/**
 * Is this a valid name of a parameter or key, without characters of libre's
 * regular expressions, and short enough for libre?
 *
 * @param name Name
 *
 * @return True if it is
 */
bool param_is_name(const struct pl *name)
{
	if (!name->l || name->l >= NAME_SIZE)
		return false;

	for (size_t i = 0; i < name->l; i++) {

		const char c = name->p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && c != '_' && c != '-' && c != '.')
			return false;
	}

	return true;
}


/**
 * Start to walk through the parameters
 *
 * @param walk   Walk
 * @param params Parameters, from the first semicolon on
 */
void param_begin(struct param_walk *walk, const struct pl *params)
{
	walk->p     = params->l ? params->p : "";
	walk->end   = walk->p + params->l;
	walk->quote = false;
}


static void decode(struct param *par, const char *end)
{
	const char *p = skip_blanks(par->begin + 1, end);

	par->name.p = p;
	while (p < end && *p != ';' && *p != '=' && !strchr(BLANKS, *p))
		++p;
	par->name.l = (size_t)(p - par->name.p);

	par->raw.p = par->val.p = p;
	par->raw.l = par->val.l = 0;

	p = skip_blanks(p, end);
	if (p == end || *p != '=')
		return;

	text_value(&par->raw, &par->val, skip_blanks(p + 1, end), end,
		   " \t\r\n;");
	if (!par->raw.l)
		par->raw.p = p + 1;
}


/**
 * Next place where libre may find a parameter
 *
 * @param walk Walk
 * @param par  Returns the parameter
 *
 * @return False at the end
 */
bool param_next(struct param_walk *walk, struct param *par)
{
	for (; walk->p < walk->end; walk->p++) {

		if (*walk->p == '\\' && walk->p + 1 < walk->end &&
		    walk->p[1] != ';') {
			++walk->p;
		}
		else if (*walk->p == '"') {
			walk->quote = !walk->quote;
		}
		else if (*walk->p == ';') {
			par->begin  = walk->p++;
			par->nested = walk->quote;
			decode(par, walk->end);
			return true;
		}
	}

	return false;
}


/**
 * Find the parameter whose value libre reads
 *
 * @param par    Returns the parameter
 * @param params Parameters
 * @param name   Its name
 *
 * @return True if it is found
 */
bool param_find(struct param *par, const struct pl *params, const char *name)
{
	struct param_walk walk;

	param_begin(&walk, params);

	while (param_next(&walk, par)) {
		if (par->val.l && text_is(&par->name, name))
			return true;
	}

	return false;
}


/**
 * Find a parameter, with or without a value
 *
 * @param par    Returns the parameter
 * @param params Parameters
 * @param name   Its name
 *
 * @return True if it is found
 */
bool param_find_flag(struct param *par, const struct pl *params,
		     const char *name)
{
	struct param_walk walk;

	if (param_find(par, params, name))
		return true;

	param_begin(&walk, params);

	while (param_next(&walk, par)) {
		if (text_is(&par->name, name))
			return true;
	}

	return false;
}


static bool is_number(const struct pl *name)
{
	return is_in(name, numberv, RE_ARRAY_SIZE(numberv));
}


static bool is_text(const struct pl *name)
{
	return is_in(name, textv, RE_ARRAY_SIZE(textv)) ||
		text_begins(name, "failover") || text_begins(name, "outbound");
}


/* A value within the quotation marks of another parameter may include the
   parameters after it. Only the part before the mark is its own. */
static struct pl own_part(const struct pl *val)
{
	const char *mark = pl_strchr(val, '"');
	struct pl own = *val;

	if (mark && val->p[-1] != '"')
		own.l = (size_t)(mark - val->p);

	return own;
}


static bool is_same(const struct pl *name, const struct pl *was,
		    const struct pl *is)
{
	struct pl a, b;

	if (is_number(name))
		return pl_u32(was) == pl_u32(is);
	if (is_text(name))
		return !pl_cmp(was, is);

	a = own_part(was);
	b = own_part(is);

	return !pl_cmp(&a, &b);
}


/* Does libre read the same value for a name? */
static bool reads_same(const struct pl *was, const struct pl *is,
		       const struct pl *name)
{
	struct pl a = PL_INIT, b = PL_INIT;
	char key[NAME_SIZE];
	int err;

	(void)pl_strcpy(name, key, sizeof(key));

	err = msg_param_decode(was, key, &a);
	if (err != msg_param_decode(is, key, &b))
		return false;
	if (!err && !is_same(name, &a, &b))
		return false;

	return msg_param_exists(was, key, &a) == msg_param_exists(is, key, &b);
}


/* Nothing looks for a parameter that is unknown to Baresip. It matters only
   outside quotation marks. */
static bool matters(const struct pl *params, const struct param *par,
		    const char *changed_end)
{
	char key[NAME_SIZE];
	struct pl val;

	if (is_number(&par->name) || is_text(&par->name))
		return true;

	if (par->begin < changed_end ||
	    is_in(&par->name, uriv, RE_ARRAY_SIZE(uriv)))
		return false;

	(void)pl_strcpy(&par->name, key, sizeof(key));

	return !par->val.l || (!msg_param_decode(params, key, &val) &&
			       val.p == par->val.p);
}


static bool all_same(struct pl *other, const struct pl *params,
		     const struct pl *was, const struct pl *is,
		     const char *name)
{
	const char *changed_end = params->p;
	struct param_walk walk;
	struct param par;

	param_begin(&walk, params);

	while (param_next(&walk, &par)) {

		if (text_is(&par.name, name)) {
			changed_end = par.raw.p + par.raw.l;
			continue;
		}

		if (!param_is_name(&par.name) ||
		    !matters(params, &par, changed_end) ||
		    reads_same(was, is, &par.name))
			continue;

		*other = par.name;
		return false;
	}

	return true;
}


/**
 * Does Baresip read the same values for all parameters except one?
 *
 * @param other Returns the name of another that differs, part of `was` or `is`
 * @param was   Parameters before
 * @param is    Parameters after
 * @param name  The parameter that may differ
 *
 * @return True if it does
 */
bool param_only(struct pl *other, const struct pl *was, const struct pl *is,
		const char *name)
{
	return all_same(other, was, was, is, name) &&
		all_same(other, is, was, is, name);
}
