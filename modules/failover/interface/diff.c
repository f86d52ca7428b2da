/**
 * @file diff.c  The difference of two texts, line by line
 *
 * A unified diff for patch(1), except that passwords are hidden.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "diff.h"
#include "secret.h"
#include "text.h"


/** Lines of a text */
struct lines {
	struct pl *v;                /**< Exact lines, to compare            */
	struct pl *shownv;           /**< Lines without passwords            */
	size_t n;                    /**< How many                           */
	struct mbuf *mb;             /**< Text that is shown                 */
};

/** A line of the diff */
struct step {
	char op;                     /**< Blank, minus or plus               */
	size_t a;                    /**< Old lines before it                */
	size_t b;                    /**< New lines before it                */
};

enum {
	CONTEXT   = 3,               /**< Unchanged lines around a change    */
	MAX_CELLS = 1 << 22,         /**< Above, lines are not matched       */
};


static void lines_destructor(void *arg)
{
	struct lines *lines = arg;

	mem_deref(lines->v);
	mem_deref(lines->shownv);
	mem_deref(lines->mb);
}


/* Each line has its line feed, except perhaps the last one */
static size_t split(struct pl *v, const struct pl *text)
{
	const char *p = text->p, *end = text->p + text->l;
	size_t n = 0;

	while (p < end) {

		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *next = lf ? lf + 1 : end;

		if (v) {
			v[n].p = p;
			v[n].l = (size_t)(next - p);
		}

		++n;
		p = next;
	}

	return n;
}


static int lines_alloc(struct lines **linesp, const struct pl *text)
{
	struct lines *lines;
	struct pl shown;
	int err;

	lines = mem_zalloc(sizeof(*lines), lines_destructor);
	if (!lines)
		return ENOMEM;

	err = secret_hide(&lines->mb, text);
	if (err)
		goto out;

	lines->n      = split(NULL, text);
	lines->v      = mem_zalloc((lines->n + 1) * sizeof(*lines->v), NULL);
	lines->shownv = mem_zalloc((lines->n + 1) * sizeof(*lines->v), NULL);
	if (!lines->v || !lines->shownv) {
		err = ENOMEM;
		goto out;
	}

	shown = text_of(lines->mb);
	(void)split(lines->v, text);
	(void)split(lines->shownv, &shown);

 out:
	if (err)
		mem_deref(lines);
	else
		*linesp = lines;

	return err;
}


static bool is_same(const struct lines *a, size_t i, const struct lines *b,
		    size_t j)
{
	return !pl_cmp(&a->v[i], &b->v[j]);
}


/* Length of the longest common subsequence, from each pair of lines on */
static int common(uint16_t **cellsp, const struct lines *a,
		  const struct lines *b, size_t head, size_t n, size_t m)
{
	uint16_t *c;

	c = mem_zalloc((n + 1) * (m + 1) * sizeof(*c), NULL);
	if (!c)
		return ENOMEM;

	for (size_t i = n; i--;) {
		for (size_t j = m; j--;) {

			const size_t at = i * (m + 1) + j;
			const uint16_t down = c[at + m + 1], right = c[at + 1];

			c[at] = is_same(a, head + i, b, head + j) ?
				(uint16_t)(c[at + m + 2] + 1) :
				max(down, right);
		}
	}

	*cellsp = c;

	return 0;
}


static void add(struct step *stepv, size_t *n, char op, size_t *a, size_t *b)
{
	const struct step step = { op, *a, *b };

	stepv[(*n)++] = step;
	*a += op != '+';
	*b += op != '-';
}


/* Removed lines come before added ones */
static void walk(struct step *stepv, size_t *stepc, const struct lines *old,
		 const struct lines *new, size_t head, size_t n, size_t m,
		 const uint16_t *c)
{
	size_t a = 0, b = 0;

	while (a < head)
		add(stepv, stepc, ' ', &a, &b);

	while (a < head + n || b < head + m) {

		const size_t at = (a - head) * (m + 1) + b - head;
		char op = a < head + n ? '-' : '+';

		if (c && a < head + n && b < head + m) {
			if (is_same(old, a, new, b))
				op = ' ';
			else if (c[at + m + 1] < c[at + 1])
				op = '+';
		}

		add(stepv, stepc, op, &a, &b);
	}

	while (a < old->n)
		add(stepv, stepc, ' ', &a, &b);
}


static int compare(struct step **stepvp, size_t *stepc, const struct lines *a,
		   const struct lines *b)
{
	size_t head = 0, n = a->n, m = b->n;
	uint16_t *c = NULL;
	struct step *stepv;
	int err = 0;

	while (head < n && head < m && is_same(a, head, b, head))
		++head;
	while (n > head && m > head && is_same(a, n - 1, b, m - 1))
		--n, --m;
	n -= head;
	m -= head;

	stepv = mem_zalloc((a->n + b->n + 1) * sizeof(*stepv), NULL);
	if (!stepv)
		return ENOMEM;

	if (n < UINT16_MAX && m < UINT16_MAX &&
	    (n + 1) * (m + 1) <= MAX_CELLS)
		err = common(&c, a, b, head, n, m);

	if (err) {
		mem_deref(stepv);
		return err;
	}

	*stepc = 0;
	walk(stepv, stepc, a, b, head, n, m, c);
	mem_deref(c);

	*stepvp = stepv;

	return 0;
}


static int print_step(struct re_printf *pf, const struct step *step,
		      const struct lines *a, const struct lines *b)
{
	const struct pl *line = step->op == '+' ? &b->shownv[step->b] :
		&a->shownv[step->a];
	const bool whole = line->l && line->p[line->l - 1] == '\n';

	return re_hprintf(pf, whole ? "%c%r" : "%c%r\n\\ No newline at end of"
			  " file\n", step->op, line);
}


static int print_hunk(struct re_printf *pf, const struct step *stepv,
		      size_t first, size_t end, const struct lines *a,
		      const struct lines *b)
{
	size_t old = 0, new = 0;
	int err;

	for (size_t i = first; i < end; i++) {
		old += stepv[i].op != '+';
		new += stepv[i].op != '-';
	}

	err = re_hprintf(pf, "@@ -%zu,%zu +%zu,%zu @@\n",
			 stepv[first].a + (old ? 1 : 0), old,
			 stepv[first].b + (new ? 1 : 0), new);

	for (size_t i = first; i < end && !err; i++)
		err = print_step(pf, &stepv[i], a, b);

	return err;
}


/* Changes less than two contexts apart belong to one hunk */
static int print_hunks(struct re_printf *pf, const struct step *stepv,
		       size_t n, const struct lines *a, const struct lines *b)
{
	size_t i = 0, end = 0;
	int err = 0;

	while (i < n && !err) {

		size_t first, last;

		for (first = i; first < n && stepv[first].op == ' '; first++)
			;
		if (first == n)
			break;

		for (last = i = first; i < n && i - last <= 2 * CONTEXT + 1; i++) {
			if (stepv[i].op != ' ')
				last = i;
		}

		i     = last + 1;
		first = first - min(first - end, CONTEXT);
		end   = min(last + 1 + CONTEXT, n);

		err = print_hunk(pf, stepv, first, end, a, b);
	}

	return err;
}


/**
 * Print the difference as a unified diff; without a difference print nothing.
 * Lines that differ only in a password are printed with it as stars.
 *
 * @param pf   Print function
 * @param diff Two versions of a file
 *
 * @return 0 if success, otherwise errorcode
 */
int diff_print(struct re_printf *pf, const struct diff *diff)
{
	struct lines *a = NULL, *b = NULL;
	struct step *stepv = NULL;
	size_t stepc = 0;
	int err;

	if (!pl_cmp(&diff->was, &diff->is))
		return 0;

	err  = lines_alloc(&a, &diff->was);
	err |= lines_alloc(&b, &diff->is);
	if (err || !a || !b)
		goto out;

	err = compare(&stepv, &stepc, a, b);
	if (err)
		goto out;

	err  = re_hprintf(pf, "--- %s\n+++ %s\n", diff->name, diff->name);
	err |= print_hunks(pf, stepv, stepc, a, b);

 out:
	mem_deref(stepv);
	mem_deref(a);
	mem_deref(b);

	return err;
}
