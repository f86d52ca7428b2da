/**
 * @file fuzz_rewrite.c  Any text as an accounts or config file
 *
 * Byte 0: which file, which key and whether it is removed. Byte 1: length of
 * the value, which follows; the rest is the file. Our search must find what
 * libre finds, and what comes out must read the same but for the change.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>
#include "compat.h"
#include "diff.h"
#include "param.h"
#include "rewrite.h"
#include "row.h"
#include "secret.h"


static const char *const keyv[] = {
	"regint", "pubint", "outbound", "outbound2", "failover_retries",
	"failover_servers", "failover", "auth_pass", "extra", "regq", "x",
};

enum {
	NUM_KEYS = RE_ARRAY_SIZE(keyv),
	MAX      = 511,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void must(bool ok)
{
	if (!ok)
		abort();
}


static bool is_same(const struct pl *a, const struct pl *b)
{
	return a->l == b->l && (!a->l || !memcmp(a->p, b->p, a->l));
}


static bool is_number(const char *key)
{
	return !strcmp(key, "regint") || !strcmp(key, "pubint");
}


static void search_params(const struct pl *params)
{
	for (size_t i = 0; i < NUM_KEYS; i++) {

		struct param par;
		struct pl val;
		const bool found = param_find(&par, params, keyv[i]);

		must(found == !msg_param_decode(params, keyv[i], &val));
		must(!found || (par.val.p == val.p && par.val.l == val.l));
	}
}


static void compare_params(const struct pl *was, const struct pl *is,
			   const char *changed)
{
	for (size_t i = 0; i < NUM_KEYS; i++) {

		struct pl a, b;
		int err;

		if (keyv[i] == changed || !strcmp(keyv[i], "x"))
			continue;

		err = msg_param_decode(was, keyv[i], &a);
		must(err == msg_param_decode(is, keyv[i], &b));
		if (err)
			continue;

		must(is_number(keyv[i]) ? pl_u32(&a) == pl_u32(&b) :
		     is_same(&a, &b));
	}
}


/* The first line that Baresip reads, cut as Baresip does */
static int first_line(struct sip_addr *addr, char *buf, size_t size,
		      const struct pl *file)
{
	const char *p = file->p, *end = file->p + file->l;
	struct pl line;

	while (p < end && (*p == '\n' || *p == '#')) {
		while (p < end && *p != '\n')
			++p;
		++p;
	}

	if (p >= end)
		return ENOENT;

	line.p = p;
	while (p < end && *p != '\n')
		++p;
	line.l = (size_t)(p - line.p);

	(void)pl_strcpy(&line, buf, size);
	pl_set_str(&line, buf);

	return sip_addr_decode(addr, &line);
}


static int print_aor(struct re_printf *pf, const struct uri *uri)
{
	struct uri u = *uri;

#if FAILOVER_LIBRE < 300
	u.password = pl_null;
#endif
	u.params = u.headers = pl_null;

	return uri_encode(pf, &u);
}


static unsigned count_aor(const struct pl *file, const char *aor)
{
	unsigned n = 0;
	struct pl rest = *file;

	while (rest.l) {

		const char *lf = pl_strchr(&rest, '\n');
		struct pl line = { rest.p, lf ? (size_t)(lf - rest.p) + 1 :
				   rest.l };
		struct sip_addr addr;
		char buf[MAX + 1];
		char *str = NULL;

		rest.p += line.l;
		rest.l -= line.l;

		if (*line.p == '\n' || *line.p == '#')
			continue;
		if (first_line(&addr, buf, sizeof(buf), &line))
			break;
		if (!re_sdprintf(&str, "%H", print_aor, &addr.uri))
			n += !strcmp(str, aor);
		mem_deref(str);
	}

	return n;
}


static void account(const struct pl *file, const struct rewrite_change *chg)
{
	char was[MAX + 1], is[MAX + 1];
	struct rewrite_line line = { .changev = chg, .changec = 1 };
	char *aor = NULL, *reason = NULL;
	struct sip_addr a, b;
	struct mbuf *mb;
	struct pl pl;

	if (first_line(&a, was, sizeof(was), file))
		return;

	if (a.params.l)
		search_params(&a.params);

	if (re_sdprintf(&aor, "%H", print_aor, &a.uri))
		return;

	line.aor   = aor;
	line.count = count_aor(file, aor);

	if (rewrite_accounts(&mb, file, &line, 1, MAX, &reason)) {
		must(reason != NULL);
	}
	else {
		pl.p = (const char *)mb->buf;
		pl.l = mb->end;
		must(!first_line(&b, is, sizeof(is), &pl));
		must(is_same(&a.auri, &b.auri));
		must(is_same(&a.dname, &b.dname));
		compare_params(&a.params, &b.params, chg->key);
		must(count_aor(&pl, aor) == line.count);
		mem_deref(mb);
	}

	mem_deref(reason);
	mem_deref(aor);
}


static int collect(const struct pl *val, void *arg)
{
	return mbuf_printf(arg, "%zu:%r;", val->l, val);
}


static struct pl all_values(struct mbuf *mb, const struct pl *file,
			    const char *key)
{
	struct conf *conf;
	struct pl pl;

	mb->pos = mb->end = 0;
	must(!conf_alloc_buf(&conf, (const uint8_t *)file->p, file->l));
	(void)conf_apply(conf, key, collect, mb);
	mem_deref(conf);

	pl.p = (const char *)mb->buf;
	pl.l = mb->end;

	return pl;
}


static void search_rows(const struct pl *file)
{
	struct conf *conf;

	must(!conf_alloc_buf(&conf, (const uint8_t *)file->p, file->l));

	for (size_t i = 0; i < NUM_KEYS; i++) {

		struct row row;
		struct pl val;
		const bool found = row_find(&row, file, keyv[i]);

		must(found == !conf_get(conf, keyv[i], &val));
		must(!found || is_same(&row.val, &val));
	}

	mem_deref(conf);
}


static void config(const struct pl *file, const struct rewrite_change *chg)
{
	struct mbuf *mb = NULL, *was, *is;
	char *reason = NULL;
	struct pl pl, a, b;

	search_rows(file);

	was = mbuf_alloc(64);
	is  = mbuf_alloc(64);
	must(was && is);

	if (rewrite_config(&mb, file, chg, 1, &reason)) {
		must(reason != NULL);
		goto out;
	}

	pl.p = (const char *)mb->buf;
	pl.l = mb->end;

	for (size_t i = 0; i < NUM_KEYS; i++) {

		if (keyv[i] == chg->key)
			continue;

		a = all_values(was, file, keyv[i]);
		b = all_values(is, &pl, keyv[i]);
		must(is_same(&a, &b));
	}

 out:
	mem_deref(mb);
	mem_deref(was);
	mem_deref(is);
	mem_deref(reason);
}


static unsigned lines(const char *p, size_t n)
{
	unsigned count = 0;

	while (n--)
		count += *p++ == '\n';

	return count;
}


/* Without passwords a text has as many lines */
static void hide(const struct pl *file)
{
	struct mbuf *mb;

	must(!secret_hide(&mb, file));
	must(lines((const char *)mb->buf, mb->end) ==
	     lines(file->p, file->l));
	mem_deref(mb);
}


/* The two halves of the text */
static void compare(const struct pl *file)
{
	struct diff diff = { "f", *file, *file };
	char *str = NULL;

	diff.was.l = file->l / 2;
	pl_advance(&diff.is, (ssize_t)diff.was.l);

	must(!re_sdprintf(&str, "%H", diff_print, &diff));
	must(!*str == !pl_cmp(&diff.was, &diff.is));
	mem_deref(str);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rewrite_change chg = { NULL, NULL };
	char val[256], *text;
	struct pl file;
	size_t n;

	if (size < 2 || size < 2u + data[1])
		return 0;

	n = data[1];
	memcpy(val, data + 2, n);
	val[n] = '\0';

	chg.key = keyv[(data[0] >> 2) % NUM_KEYS];
	chg.val = data[0] & 2 ? NULL : val;

	/* of its very size, so that reading over its end is seen */
	file.l = size - 2 - n;
	text   = malloc(file.l ? file.l : 1);
	must(text != NULL);
	memcpy(text, data + 2 + n, file.l);
	file.p = text;

	if (data[0] & 1)
		account(&file, &chg);
	else
		config(&file, &chg);

	hide(&file);
	compare(&file);

	free(text);

	return 0;
}
