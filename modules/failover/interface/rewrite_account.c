/**
 * @file rewrite_account.c  Changes lines in the text of an accounts file
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "entry.h"
#include "rewrite.h"
#include "rewrite_line.h"
#include "text.h"


/** A line to change */
struct found {
	const struct rewrite_line *line;
	struct pl text;              /**< Part of the file                   */
};


static int change_all(struct mbuf **mbp, const struct pl *was,
		      const struct rewrite_line *line, size_t max,
		      char **reasonp)
{
	struct mbuf *mb;
	struct pl is;
	int err;

	err = entry_is_whole(was, max, reasonp);
	if (err)
		return err;

	err = text_copy(&mb, was);
	if (err)
		return err;

	for (size_t i = 0; i < line->changec && !err; i++)
		err = rewrite_line(&mb, &line->changev[i], reasonp);

	is = text_of(mb);
	if (!err)
		err = entry_is_whole(&is, max, reasonp);

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/* Find each line in the file, in the order of the file */
static size_t find_lines(struct found *foundv, unsigned *countv,
			 const struct pl *file,
			 const struct rewrite_line *linev, size_t linec,
			 size_t max)
{
	const char *p = file->p, *end = file->p + file->l;
	struct pl text;
	size_t n = 0;
	char *aor;

	while (!entry_next(&text, &aor, &p, end, max)) {

		for (size_t i = 0; i < linec; i++) {

			if (strcmp(aor, linev[i].aor))
				continue;

			if (countv[i]++ == linev[i].nth && n < linec) {
				foundv[n].line   = &linev[i];
				foundv[n++].text = text;
			}
		}

		mem_deref(aor);
	}

	return n;
}


static int check_counts(const unsigned *countv,
			const struct rewrite_line *linev, size_t linec,
			char **reasonp)
{
	for (size_t i = 0; i < linec; i++) {

		const struct rewrite_line *line = &linev[i];

		if (countv[i] != line->count || line->nth >= line->count)
			return text_reason(reasonp, ENOENT, "Baresip reads %u"
					   " lines of %s in it, and has %u"
					   " such accounts", countv[i],
					   line->aor, line->count);
	}

	return 0;
}


static int write_lines(struct mbuf *out, const struct pl *file,
		       const struct found *foundv, size_t n, size_t max,
		       char **reasonp)
{
	struct pl rest = *file, part;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {

		const struct found *found = &foundv[i];
		struct mbuf *mb;

		err = change_all(&mb, &found->text, found->line, max, reasonp);
		if (err)
			break;

		part.p = rest.p;
		part.l = (size_t)(found->text.p - rest.p);
		pl_advance(&rest, (ssize_t)(part.l + found->text.l));

		err  = mbuf_write_pl(out, &part);
		part = text_of(mb);
		err |= mbuf_write_pl(out, &part);
		mem_deref(mb);
	}

	return err ? err : mbuf_write_pl(out, &rest);
}


/**
 * Change parameters of lines in the text of an accounts file. Every other byte
 * stays the same.
 *
 * @param mbp     Returns the new text
 * @param file    Text of the file
 * @param linev   Lines and their changes
 * @param linec   Number of them
 * @param max     How many characters of a line Baresip reads
 * @param reasonp Returns the reason of a refusal, for the user, to be released
 *                with mem_deref(); initially NULL
 *
 * @return 0 if success; ENOENT if there is no such line, EINVAL for a value
 *         that no line can hold, EBADMSG if Baresip would also read another
 *         value differently, EMSGSIZE if it would cut off the line
 */
int rewrite_accounts(struct mbuf **mbp, const struct pl *file,
		     const struct rewrite_line *linev, size_t linec,
		     size_t max, char **reasonp)
{
	struct found *foundv;
	struct mbuf *mb = NULL;
	unsigned *countv;
	size_t n;
	int err;

	foundv = mem_zalloc((linec + 1) * sizeof(*foundv), NULL);
	countv = mem_zalloc((linec + 1) * sizeof(*countv), NULL);
	mb     = mbuf_alloc(file->l + 1);
	if (!foundv || !countv || !mb) {
		err = ENOMEM;
		goto out;
	}

	n = find_lines(foundv, countv, file, linev, linec, max);

	err = check_counts(countv, linev, linec, reasonp);
	if (!err)
		err = write_lines(mb, file, foundv, n, max, reasonp);

 out:
	mem_deref(foundv);
	mem_deref(countv);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}
