/**
 * @file row.c  Lines in the text of a config file
 *
 * libre takes the first line that begins with the key and has a value.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "row.h"
#include "text.h"


/**
 * Is this a blank?
 *
 * @param c Character
 *
 * @return True if it is a space or a tab
 */
bool row_is_blank(char c)
{
	return c == ' ' || c == '\t';
}


static bool is_break(char c)
{
	return c == '\r' || c == '\n';
}


/**
 * Next line. A quoted value may span lines, but libre also finds a key within
 * it
 *
 * @param row Returns the line
 * @param p   Start of the line; returns the start of the next one
 * @param end End of the file
 *
 * @return False at the end
 */
bool row_next(struct row *row, const char **p, const char *end)
{
	const char *q = *p;

	if (q >= end)
		return false;

	row->begin = q;
	while (q < end && !is_break(*q))
		++q;
	row->end = q;

	if (q + 1 < end && q[0] == '\r' && q[1] == '\n')
		++q;
	row->next = *p = q < end ? q + 1 : end;

	for (q = row->begin; q < row->end && row_is_blank(*q); q++)
		;
	row->key.p = q;
	while (q < row->end && !row_is_blank(*q))
		++q;
	row->key.l = (size_t)(q - row->key.p);

	row->raw.p = row->val.p = q;
	row->raw.l = row->val.l = 0;

	while (q < row->end && row_is_blank(*q))
		++q;

	if (q < row->end)
		text_value(&row->raw, &row->val, q, end, " \t\r\n");

	return true;
}


/**
 * Find the line whose value libre reads
 *
 * @param row  Returns the line
 * @param file Text of the file
 * @param key  First word of the line
 *
 * @return True if it is found
 */
bool row_find(struct row *row, const struct pl *file, const char *key)
{
	const char *p = file->p, *end = file->p + file->l;

	while (row_next(row, &p, end)) {
		if (row->val.l && text_is(&row->key, key))
			return true;
	}

	return false;
}
