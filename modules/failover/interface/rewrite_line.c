/**
 * @file rewrite_line.c  Changes a parameter in the text of an account line
 *
 * A change is tried in the places where a person would make it. libre decodes
 * the new line as Baresip does. It must read the same, except for that change.
 * Otherwise the next place is tried. If no place is left, the change is
 * refused.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "param.h"
#include "rewrite.h"
#include "rewrite_line.h"
#include "text.h"


/** A way to make a change */
struct way {
	struct pl old;               /**< Part that is replaced              */
	bool named;                  /**< It has the semicolon and name      */
};

enum {
	MAX_WAYS = 4,
};

/* Characters besides letters and digits that need no quotation marks */
static const char PLAIN[] = "-._:,@+/*";


/* The parameters of a line, or the place for them */
static int line_params(struct pl *params, const struct pl *line)
{
	struct sip_addr addr;
	int err;

	err = sip_addr_decode(&addr, line);
	if (err)
		return err;

	*params = addr.params;
	if (!params->p) {
		params->p = line->p + line->l;
		params->l = 0;
	}

	return 0;
}


static const char *trim(const char *begin, const char *end)
{
	while (end > begin && strchr(" \t\r", end[-1]))
		--end;

	return end;
}


/* After the last parameter that belongs to the module */
static const char *after_kin(const struct pl *params)
{
	const char *end = params->p + params->l, *pos = NULL;
	struct param_walk walk;
	struct param par;
	bool is_kin = false;

	param_begin(&walk, params);

	while (param_next(&walk, &par)) {

		if (par.nested)
			continue;
		if (is_kin)
			pos = trim(params->p, par.begin);

		is_kin = text_begins(&par.name, "outbound") ||
			text_begins(&par.name, "failover");
	}

	return is_kin || !pos ? trim(params->p, end) : pos;
}


static struct way at(const char *begin, const char *end, bool named)
{
	const struct way way = { { begin, (size_t)(end - begin) }, named };

	return way;
}


/* With a quotation mark inside, a value can include other parameters */
static bool runs_on(const struct param *par)
{
	return pl_strchr(&par->val, '"') != NULL;
}


/* The best way comes first */
static size_t ways_to_set(struct way *wayv, const struct pl *params,
			  const char *key)
{
	const char *kin = after_kin(params);
	const char *end = trim(params->p, params->p + params->l);
	struct param par;
	size_t n = 0;

	if (param_find(&par, params, key)) {
		if (!runs_on(&par))
			wayv[n++] = at(par.raw.p, par.raw.p + par.raw.l,
				       false);
	}
	else {
		if (param_find_flag(&par, params, key))
			wayv[n++] = at(par.begin, par.raw.p + par.raw.l, true);

		wayv[n++] = at(kin, kin, true);
		wayv[n++] = at(end, end, true);
	}

	/* libre takes the first one */
	wayv[n++] = at(params->p, params->p, true);

	return n;
}


/* Does libre read the new value? */
static bool reads(const struct pl *params, const struct rewrite_change *chg)
{
	struct pl val;

	if (rewrite_removes(chg))
		return msg_param_decode(params, chg->key, &val) &&
			msg_param_exists(params, chg->key, &val);

	return !msg_param_decode(params, chg->key, &val) &&
		!pl_strcmp(&val, chg->val);
}


/* Is the new value read, and are all others unchanged? */
static int check(const struct pl *was, const struct pl *is,
		 const struct rewrite_change *chg, char **reasonp)
{
	struct sip_addr a, b;
	struct pl other;

	if (sip_addr_decode(&a, was) || sip_addr_decode(&b, is) ||
	    pl_cmp(&a.dname, &b.dname) || pl_cmp(&a.auri, &b.auri))
		return text_reason(reasonp, EBADMSG, "%s: the address of the"
				   " account would change with it", chg->key);

	if (!reads(&b.params, chg))
		return text_reason(reasonp, EBADMSG, "%s: Baresip would not"
				   " read it back", chg->key);

	if (!param_only(&other, &a.params, &b.params, chg->key))
		return text_reason(reasonp, EBADMSG, "%s: what Baresip reads"
				   " of %r would change with it", chg->key,
				   &other);

	return 0;
}


static int write_param(struct mbuf *mb, const struct way *way,
		       const struct rewrite_change *chg)
{
	const bool quoted = way->old.l && *way->old.p == '"';
	int err = 0;

	if (way->named)
		err = mbuf_printf(mb, ";%s=", chg->key);

	return err ? err : text_write_value(mb, chg->val, quoted, PLAIN);
}


/**
 * How much longer does a line become by a change? In a line that has a
 * parameter in an odd place, the change may be made in another one.
 *
 * @param growth Returns the difference [bytes]
 * @param params Parameters of the line
 * @param chg    Change
 *
 * @return 0 if success, otherwise errorcode
 */
int rewrite_line_growth(ssize_t *growth, const struct pl *params,
			const struct rewrite_change *chg)
{
	struct way wayv[MAX_WAYS];
	struct param par;
	struct mbuf *mb;
	int err;

	if (rewrite_removes(chg)) {
		*growth = param_find_flag(&par, params, chg->key) ?
			par.begin - (par.raw.p + par.raw.l) : 0;
		return 0;
	}

	mb = mbuf_alloc(64);
	if (!mb)
		return ENOMEM;

	(void)ways_to_set(wayv, params, chg->key);

	err = write_param(mb, &wayv[0], chg);
	*growth = (ssize_t)mb->end - (ssize_t)wayv[0].old.l;
	mem_deref(mb);

	return err;
}


static int try_way(struct mbuf **mbp, const struct pl *line,
		   const struct way *way, const struct rewrite_change *chg,
		   char **reasonp)
{
	struct mbuf *with, *mb = NULL;
	struct pl pl;
	int err;

	with = mbuf_alloc(64);
	if (!with)
		return ENOMEM;

	err = write_param(with, way, chg);
	if (err) {
		(void)text_reason(reasonp, err, "%s: a value cannot have a"
				  " quotation mark or control character, nor"
				  " a backslash at its end", chg->key);
		goto out;
	}

	pl  = text_of(with);
	err = text_replace(&mb, line, &way->old, &pl);
	if (err)
		goto out;

	pl  = text_of(mb);
	err = check(line, &pl, chg, reasonp);

 out:
	mem_deref(with);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


static int set_param(struct mbuf **mbp, const struct pl *line,
		     const struct rewrite_change *chg, char **reasonp)
{
	struct way wayv[MAX_WAYS];
	struct pl params;
	int err;
	size_t n;

	err = line_params(&params, line);
	if (err)
		return err;

	n = ways_to_set(wayv, &params, chg->key);

	err = EBADMSG;
	for (size_t i = 0; i < n && err == EBADMSG; i++)
		err = try_way(mbp, line, &wayv[i], chg, reasonp);

	return err;
}


/* Remove a parameter with its semicolon */
static int cut(struct mbuf **mbp, const struct param *par,
	       const struct rewrite_change *chg, char **reasonp)
{
	const struct pl line = text_of(*mbp), none = PL_INIT;
	struct pl all = par->raw;
	struct mbuf *mb;
	int err;

	if (runs_on(par))
		return text_reason(reasonp, EBADMSG, "%s: there is a quotation"
				   " mark within its value", chg->key);

	all.l += (size_t)(all.p - par->begin);
	all.p  = par->begin;

	err = text_replace(&mb, &line, &all, &none);
	if (err)
		return err;

	mem_deref(*mbp);
	*mbp = mb;

	return 0;
}


/* Remove every occurrence, or the next one would be used */
static int remove_param(struct mbuf **mbp, const struct pl *line,
			const struct rewrite_change *chg, char **reasonp)
{
	struct pl text, params;
	struct param par;
	struct mbuf *mb;
	int err;

	err = text_copy(&mb, line);
	if (err)
		return err;

	text = text_of(mb);

	while (!err && !line_params(&params, &text) &&
	       param_find_flag(&par, &params, chg->key)) {

		err  = cut(&mb, &par, chg, reasonp);
		text = text_of(mb);
	}

	if (!err)
		err = check(line, &text, chg, reasonp);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/**
 * Change a parameter of an account line
 *
 * @param mbp     Line; returns the new one
 * @param chg     Change
 * @param reasonp Returns the reason of a refusal
 *
 * @return 0 if success, EINVAL for a value that no line can hold, EBADMSG if
 *         Baresip would also read another value differently. After an error
 *         the line is unchanged.
 */
int rewrite_line(struct mbuf **mbp, const struct rewrite_change *chg,
		 char **reasonp)
{
	const struct pl line = text_of(*mbp);
	struct mbuf *mb;
	struct pl name;
	int err;

	pl_set_str(&name, chg->key);
	if (!param_is_name(&name))
		return text_reason(reasonp, EINVAL, "%s: not the name of a"
				   " parameter", chg->key);

	err = rewrite_removes(chg) ? remove_param(&mb, &line, chg, reasonp) :
		set_param(&mb, &line, chg, reasonp);
	if (err)
		return err;

	mem_deref(*mbp);
	*mbp     = mb;
	*reasonp = mem_deref(*reasonp);

	return 0;
}
