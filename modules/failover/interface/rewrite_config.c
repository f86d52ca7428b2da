/**
 * @file rewrite_config.c  Changes values in the text of a config file
 *
 * A change is tried in the places where a person would make it. Baresip must
 * read the new text as before, except for that change. Otherwise the next
 * place is tried. If no place is left, the change is refused.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "compat.h"
#include "param.h"
#include "rewrite.h"
#include "row.h"
#include "text.h"


enum {
	VALUE_COLUMN = 24,           /**< As in Baresip's own config         */
	TAB          = 8,
};

/* Characters besides letters and digits that need no quotation marks. libre
   needs the marks only for blanks. */
static const char PLAIN[] = "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";


/* The key of a line that is commented out, like `#key value` */
static struct pl commented(const struct row *row)
{
	struct pl word = { row->key.p, (size_t)(row->end - row->key.p) };
	const char *p = word.p;

	if (p == row->end || *p != '#')
		return pl_null;

	while (p < row->end && (*p == '#' || row_is_blank(*p)))
		++p;

	word.p = p;
	while (p < row->end && !row_is_blank(*p))
		++p;
	word.l = (size_t)(p - word.p);

	return word;
}


/* The end of the line below which a person would write the key: a comment with
   the key, or else a key of the same family */
static const char *place(const struct pl *file, const char *key)
{
	const char *p = file->p, *end = file->p + file->l;
	const char *same = NULL, *kin = NULL, *kin_comment = NULL;
	struct row row;

	while (row_next(&row, &p, end)) {

		const struct pl word = commented(&row);

		if (word.l && text_is(&word, key))
			same = row.end;
		else if (text_begins(&row.key, "failover_"))
			kin = row.end;
		else if (word.l && text_begins(&word, "failover_"))
			kin_comment = row.end;
	}

	return same ? same : kin ? kin : kin_comment;
}


/* The line break at this place, or else the first one of the file */
static struct pl line_break(const struct pl *file, const char *at)
{
	const char *p = file->p, *end = file->p + file->l;
	struct pl br = { "\n", 1 };
	struct row row;

	while (row_next(&row, &p, end)) {

		if (row.end == row.next)
			break;
		if (row.begin != file->p && row.end != at)
			continue;

		br.p = row.end;
		br.l = (size_t)(row.next - row.end);
	}

	return br;
}


static const char *last_end(const struct pl *file)
{
	const char *p = file->p, *end = file->p + file->l;
	struct row row = { .end = end };

	while (row_next(&row, &p, end))
		;

	return row.end;
}


static int write_tabs(struct mbuf *mb, size_t column)
{
	int err = 0;

	do {
		err |= mbuf_write_u8(mb, '\t');
		column += TAB - column % TAB;

	} while (column < VALUE_COLUMN);

	return err;
}


/* Write a new line below another one, or at the start of the file */
static int write_line(struct mbuf *mb, const struct pl *file, const char *at,
		      const struct rewrite_change *chg)
{
	const struct pl br = line_break(file, at);
	const bool first = at == file->p;
	int err = 0;

	if (!first)
		err |= mbuf_write_pl(mb, &br);

	err |= mbuf_write_str(mb, chg->key);
	err |= write_tabs(mb, strlen(chg->key));
	err |= text_write_value(mb, chg->val, false, PLAIN);

	if (first)
		err |= mbuf_write_pl(mb, &br);

	return err;
}


/* The next line with another key, in which libre may find a value */
static bool next_other(struct row *row, const char **p, const char *end,
		       const char *key)
{
	while (row_next(row, p, end)) {

		if (row->val.l && param_is_name(&row->key) &&
		    !text_is(&row->key, key))
			return true;
	}

	return false;
}


/* Do all lines read the same, except those of one key? */
static bool only(struct pl *other, const struct pl *was, const struct pl *is,
		 const char *key)
{
	const char *p = was->p, *q = is->p;
	bool more_a, more_b;
	struct row a, b;

	for (;;) {
		more_a = next_other(&a, &p, was->p + was->l, key);
		more_b = next_other(&b, &q, is->p + is->l, key);

		if (!more_a && !more_b)
			return true;

		*other = more_a ? a.key : b.key;

		if (more_a != more_b || pl_cmp(&a.key, &b.key) ||
		    pl_cmp(&a.val, &b.val))
			return false;
	}
}


/* Does libre read the new value? */
static bool reads(const struct pl *text, const struct rewrite_change *chg)
{
	struct conf *conf;
	struct pl val;
	bool ok;

	if (conf_alloc_buf(&conf, (const uint8_t *)text->p, text->l))
		return false;

	ok = !conf_get(conf, chg->key, &val) ?
		!rewrite_removes(chg) && !pl_strcmp(&val, chg->val) :
		rewrite_removes(chg);
	mem_deref(conf);

	return ok;
}


static int check(const struct pl *was, const struct pl *is,
		 const struct rewrite_change *chg, char **reasonp)
{
	struct pl other;

	if (!reads(is, chg))
		return text_reason(reasonp, EBADMSG, "%s: Baresip would not"
				   " read it back", chg->key);

	if (!only(&other, was, is, chg->key))
		return text_reason(reasonp, EBADMSG, "%s: what Baresip reads"
				   " of %r would change with it", chg->key,
				   &other);

	return 0;
}


/* Replace a part of the file, if all other values stay the same */
static int replace(struct mbuf **mbp, const struct pl *file,
		   const struct pl *old, const struct mbuf *with,
		   const struct rewrite_change *chg, char **reasonp)
{
	struct pl pl = text_of(with);
	struct mbuf *mb;
	int err;

	err = text_replace(&mb, file, old, &pl);
	if (err)
		return err;

	pl  = text_of(mb);
	err = check(file, &pl, chg, reasonp);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


static int try_row(struct mbuf **mbp, const struct pl *file,
		   const struct row *row, const struct rewrite_change *chg,
		   char **reasonp)
{
	struct mbuf *with;
	int err;

	with = mbuf_alloc(64);
	if (!with)
		return ENOMEM;

	err = text_write_value(with, chg->val, *row->raw.p == '"', PLAIN);
	if (!err)
		err = replace(mbp, file, &row->raw, with, chg, reasonp);
	mem_deref(with);

	return err;
}


static int try_line(struct mbuf **mbp, const struct pl *file, const char *at,
		    const struct rewrite_change *chg, char **reasonp)
{
	const struct pl none = { at, 0 };
	struct mbuf *with;
	int err;

	with = mbuf_alloc(64);
	if (!with)
		return ENOMEM;

	err = write_line(with, file, at, chg);
	if (!err)
		err = replace(mbp, file, &none, with, chg, reasonp);
	mem_deref(with);

	return err;
}


static int set_key(struct mbuf **mbp, const struct pl *file,
		   const struct rewrite_change *chg, char **reasonp)
{
	const char *const atv[] = {
		place(file, chg->key), last_end(file), file->p,
	};
	int err = EBADMSG;
	struct row row;

	if (row_find(&row, file, chg->key)) {

		if (row.raw.p + row.raw.l > row.end)
			return text_reason(reasonp, err, "%s: its value runs"
					   " over the lines behind",
					   chg->key);

		return try_row(mbp, file, &row, chg, reasonp);
	}

	for (size_t i = 0; i < RE_ARRAY_SIZE(atv) && err == EBADMSG; i++) {
		if (atv[i])
			err = try_line(mbp, file, atv[i], chg, reasonp);
	}

	return err;
}


/* Remove every line of the key, or the next one would be used */
static int remove_key(struct mbuf **mbp, const struct pl *file,
		      const struct rewrite_change *chg, char **reasonp)
{
	const char *p = file->p, *end = file->p + file->l;
	struct mbuf *mb;
	struct row row;
	struct pl pl;
	int err = 0;

	mb = mbuf_alloc(file->l + 1);
	if (!mb)
		return ENOMEM;

	while (row_next(&row, &p, end) && !err) {

		if (row.val.l && text_is(&row.key, chg->key))
			continue;

		pl.p = row.begin;
		pl.l = (size_t)(row.next - row.begin);
		err  = pl.l ? mbuf_write_pl(mb, &pl) : 0;
	}

	pl = text_of(mb);
	if (!err)
		err = check(file, &pl, chg, reasonp);

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


static int change_file(struct mbuf **mbp, const struct rewrite_change *chg,
		       char **reasonp)
{
	const struct pl file = text_of(*mbp);
	struct mbuf *mb = NULL;
	struct pl name;
	int err;

	pl_set_str(&name, chg->key);
	if (!param_is_name(&name))
		return text_reason(reasonp, EINVAL, "%s: not the name of a"
				   " key", chg->key);

	err = rewrite_removes(chg) ? remove_key(&mb, &file, chg, reasonp) :
		set_key(&mb, &file, chg, reasonp);
	if (err == EINVAL)
		return text_reason(reasonp, err, "%s: a value cannot have a"
				   " quotation mark or control character, nor"
				   " a backslash at its end", chg->key);
	if (err)
		return err;

	mem_deref(*mbp);
	*mbp     = mb;
	*reasonp = mem_deref(*reasonp);

	return 0;
}


/**
 * Change values in the text of a config file. Every other byte stays the same.
 * @param mbp     Returns the new text
 * @param file    Text of the file
 * @param changev Changes, applied one after the other
 * @param changec Number of them
 * @param reasonp Returns the reason of a refusal, for the user, to be released
 *                with mem_deref(); initially NULL
 *
 * @return 0 if success; EINVAL for a value that no file can hold, EBADMSG if
 *         Baresip would also read another value differently
 */
int rewrite_config(struct mbuf **mbp, const struct pl *file,
		   const struct rewrite_change *changev, size_t changec,
		   char **reasonp)
{
	struct mbuf *mb;
	int err;

	err = text_copy(&mb, file);
	if (err)
		return err;

	for (size_t i = 0; i < changec && !err; i++)
		err = change_file(&mb, &changev[i], reasonp);

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}
