/**
 * @file test_rewrite_account.c  Parameters in the text of an accounts file
 *
 * What a person would write is compared to the byte. For thousands of odd
 * lines libre decodes the text before and after, as Baresip does.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "fixture.h"
#include "compat.h"
#include "rewrite.h"
#include "rewrite_line.h"


#define A   "<sip:a@h>"
#define OB1 ";outbound=\"sip:p1;transport=udp\""
#define OB2 ";outbound2=\"sip:p2;transport=tcp\""

enum {
	MAX = 511,
};

static const char AOR[] = "sip:a@h";

/** One change of a file, and what comes out */
struct example {
	const char *key;
	const char *val;
	const char *file;
	const char *want;            /**< NULL: refused                      */
	int err;
};


static int change(char **out, const char *file, size_t len, size_t max,
		  const struct rewrite_change *chgv, size_t chgc)
{
	const struct rewrite_line line = { AOR, 0, 1, chgv, chgc };
	const struct pl pl = { file, len };
	char *reason = NULL;
	struct mbuf *mb;
	int err;

	err = rewrite_accounts(&mb, &pl, &line, 1, max, &reason);

	/* who is refused is told why, and only he */
	assert_int_equal(!!reason, !!err);
	mem_deref(reason);

	if (!err) {
		mb->pos = 0;
		assert_int_equal(mbuf_strdup(mb, out, mb->end), 0);
		mem_deref(mb);
	}

	return err;
}


static void run(const struct example *ex)
{
	const struct rewrite_change chg = { ex->key, ex->val };
	char *out = NULL;

	assert_int_equal(change(&out, ex->file, strlen(ex->file), MAX, &chg,
				1), ex->err);
	if (ex->want)
		assert_string_equal(out, ex->want);
	else
		assert_null(out);

	mem_deref(out);
}


/* The growth that is foreseen is that of the line as a person would write it
   */
static void growth_is_foreseen(void **state)
{
	static const struct {
		const char *key, *val, *was, *is;
	} v[] = {
		{"regint", "60",    ";regint=3600",       ";regint=60"},
		{"regint", "60",    ";regint=\"3600\"",   ";regint=\"60\""},
		{"regint", "60",    ";regint;a=b",        ";regint=60;a=b"},
		{"regint", "",      ";regint=3600;a=b",   ";a=b"},
		{"regint", "",      ";a=b",               ";a=b"},
		{"outbound", "sip:p;x", OB2, OB2 ";outbound=\"sip:p;x\""},
		{"outbound", "sip:p", OB1, ";outbound=\"sip:p\""},
		{"outbound2", "sip:p", OB1, OB1 ";outbound2=sip:p"},
		{"failover_codes", "408,500", "", ";failover_codes=408,500"},
	};
	(void)state;

	for (size_t i = 0; i < RE_ARRAY_SIZE(v); i++) {

		const struct rewrite_change chg = { v[i].key, v[i].val };
		char was[128], is[128], *out;
		struct pl params;
		ssize_t growth;

		(void)re_snprintf(was, sizeof(was), A "%s\n", v[i].was);
		(void)re_snprintf(is, sizeof(is), A "%s\n", v[i].is);
		pl_set_str(&params, v[i].was);

		assert_int_equal(rewrite_line_growth(&growth, &params, &chg),
				 0);
		assert_int_equal(growth, (ssize_t)strlen(v[i].is) -
				 (ssize_t)strlen(v[i].was));

		assert_int_equal(change(&out, was, strlen(was), MAX, &chg, 1),
				 0);
		assert_string_equal(out, is);
		mem_deref(out);
	}
}


#define RUN(name, ...)                                                    \
static void name(void **state)                                            \
{                                                                         \
	static const struct example exv[] = { __VA_ARGS__ };              \
	(void)state;                                                      \
	for (size_t i = 0; i < RE_ARRAY_SIZE(exv); i++)                   \
		run(&exv[i]);                                             \
}


RUN(a_value_is_changed_where_it_stands,
{"regint", "60", A ";regint=3600\n", A ";regint=60\n", 0},
{"regint", "60", A ";regint=3600;mwi=no\n", A ";regint=60;mwi=no\n", 0},
{"REGINT", "60", A ";regint=3600\n", A ";regint=60\n", 0},
{"regint", "60", A ";ReGint=3600\n", A ";ReGint=60\n", 0},
{"regint", "60", A "; \t regint \t=\t 3600 ;x\n",
	A "; \t regint \t=\t 60 ;x\n", 0},
{"regint", "60", A ";regint=\"3600\"\n", A ";regint=\"60\"\n", 0},
{"regint", "60", A ";regint=1;regint=2\n", A ";regint=60;regint=2\n", 0},
{"regint", "60", A ";regint=;regint=2\n", A ";regint=;regint=60\n", 0},
{"outbound", "sip:p3;transport=tls", A OB1 OB2 "\n",
	A ";outbound=\"sip:p3;transport=tls\"" OB2 "\n", 0},
{"outbound2", "sip:p3", A OB1 OB2 "\n", A OB1 ";outbound2=\"sip:p3\"\n", 0},
{"outbound", "sip:p3;transport=tls", A ";outbound=sip:p1" OB2 "\n",
	A ";outbound=\"sip:p3;transport=tls\"" OB2 "\n", 0},
{"regint", "3600", A ";regint=3600\n", A ";regint=3600\n", 0},
)


RUN(a_new_one_stands_with_its_kin,
{"failover_retries", "5", A "\n", A ";failover_retries=5\n", 0},
{"failover_retries", "5", A "  \n", A ";failover_retries=5  \n", 0},
{"failover_retries", "5", A OB1 OB2 ";auth_pass=x\n",
	A OB1 OB2 ";failover_retries=5;auth_pass=x\n", 0},
{"failover_retries", "5", A OB1 OB2 ";failover_rise=2 ;auth_pass=x\n",
	A OB1 OB2 ";failover_rise=2;failover_retries=5 ;auth_pass=x\n", 0},
{"failover_retries", "5", A ";auth_pass=x" OB1 OB2 "\n",
	A ";auth_pass=x" OB1 OB2 ";failover_retries=5\n", 0},
{"outbound2", "sip:p2;transport=tcp", A OB1 ";regint=60\n",
	A OB1 OB2 ";regint=60\n", 0},
{"regint", "60", A ";auth_pass=x\n", A ";auth_pass=x;regint=60\n", 0},
{"failover_codes", "408,500", A "\n", A ";failover_codes=408,500\n", 0},
{"failover_servers", "sip:p3, sip:p4", A "\n",
	A ";failover_servers=\"sip:p3, sip:p4\"\n", 0},
{"failover_retries", "5", "sip:a@h;regint=60\n",
	"sip:a@h;regint=60;failover_retries=5\n", 0},
{"failover_retries", "5", "sip:a@h\n", "sip:a@h;failover_retries=5\n", 0},
{"failover_retries", "5", "\"A; <b> \" " A ";x\n",
	"\"A; <b> \" " A ";x;failover_retries=5\n", 0},
{"failover_retries", "5", "<sip:a@h;transport=tcp>;x\n",
	"<sip:a@h;transport=tcp>;x;failover_retries=5\n", 0},
{"failover_retries", "5", "<sip:a:secret@h>;x\n",
	"<sip:a:secret@h>;x;failover_retries=5\n", 0},
)


RUN(a_name_without_value_gets_one,
{"failover_standby", "yes", A ";failover_standby;x\n",
	A ";failover_standby=yes;x\n", 0},
{"failover_standby", "yes", A ";failover_standby=;x\n",
	A ";failover_standby=yes;x\n", 0},
{"failover_standby", "yes", A ";failover_standby=\"\"\n",
	A ";failover_standby=yes\n", 0},
{"failover_standby", "yes", A ";failover_standby\r\n",
	A ";failover_standby=yes\r\n", 0},
{"failover_standby", "yes", A ";failover_standby=\r\n",
	A ";failover_standby=yes\r\n", 0},
)


RUN(all_of_one_name_are_removed,
{"regint", NULL, A ";regint=3600;x\n", A ";x\n", 0},
{"regint", "", A ";regint=3600\n", A "\n", 0},
{"regint", NULL, A ";x;regint=\"1\" ;regint;regint=2;y\n", A ";x ;y\n", 0},
{"regint", NULL, A ";regint=\r\n", A "\r\n", 0},
{"regint", NULL, A ";x\n", A ";x\n", 0},
{"outbound2", NULL, A OB1 OB2 ";x\n", A OB1 ";x\n", 0},
)


RUN(the_rest_of_the_file_stays,
{"regint", "60", "# c\n\n#" A ";regint=9\n<sip:b@h>;regint=5\n"
	A ";regint=3600\n<sip:c@h>;regint=7",
	"# c\n\n#" A ";regint=9\n<sip:b@h>;regint=5\n"
	A ";regint=60\n<sip:c@h>;regint=7", 0},
{"regint", "60", A ";regint=3600", A ";regint=60", 0},
{"regint", "60", A "", A ";regint=60", 0},
{"regint", "60", "# c\r\n" A ";x\r\n<sip:b@h>\r\n",
	"# c\r\n" A ";x;regint=60\r\n<sip:b@h>\r\n", 0},
{"regint", "60", "<sip:aa@h>;x\n" A "\n<sip:a@hh>\n",
	"<sip:aa@h>;x\n" A ";regint=60\n<sip:a@hh>\n", 0},
{"regint", "60", A ";x\n\r\n<sip:b@h>\n", A ";x;regint=60\n\r\n<sip:b@h>\n",
	0},
{"auth_user", "\xc3\xbc", A ";x=\xe4\n",
	A ";x=\xe4;auth_user=\"\xc3\xbc\"\n", 0},
)


/* libre searches for parameters within quotation marks too */
RUN(one_within_quotation_marks_comes_first,
{"pubint", "9", A ";extra=\"n=1;pubint=7\";pubint=8\n",
	A ";pubint=9;extra=\"n=1;pubint=7\";pubint=8\n", 0},
{"failover_retries", "5", A ";extra=\"a;failover_retries=1\"\n",
	A ";failover_retries=5;extra=\"a;failover_retries=1\"\n", 0},
{"pubint", NULL, A ";extra=\"n=1;pubint=7\";pubint=8\n", NULL, EBADMSG},
/* this one reads 0, whatever is put behind */
{"mwi", "no", A ";extra=\"n=1;pubint=7\";x\n",
	A ";extra=\"n=1;pubint=7\";x;mwi=no\n", 0},
{"mwi", "no", A ";extra=\"n=1;pubint=7\";mwi=yes;x\n",
	A ";extra=\"n=1;pubint=7\";mwi=no;x\n", 0},
/* this one is a text, and would run over it */
{"mwi", "no", A ";extra=\"n=1;regq=0.5\";x\n",
	A ";mwi=no;extra=\"n=1;regq=0.5\";x\n", 0},
{"regint", NULL, A ";extra=\"n=1;pubint=7\";regint=5;x\n",
	A ";extra=\"n=1;pubint=7\";x\n", 0},
{"mwi", "no", A ";extra=\"n=1;foo=7\";x\n",
	A ";extra=\"n=1;foo=7\";x;mwi=no\n", 0},
/* a value must not bring in what Baresip reads as a parameter */
{"outbound", "sip:p;regint=0", A ";x\n", NULL, EBADMSG},
{"outbound", "sip:p;regint=0", A ";regint=60;x\n",
	A ";regint=60;x;outbound=\"sip:p;regint=0\"\n", 0},
{"outbound", "sip:p;failover=no", A ";x\n", NULL, EBADMSG},
{"outbound", "sip:p;foo=1;transport=tcp", A ";x\n",
	A ";x;outbound=\"sip:p;foo=1;transport=tcp\"\n", 0},
{"outbound", "sip:p;transport=tcp", A ";outbound=sip:p;transport=udp\n",
	A ";outbound=\"sip:p;transport=tcp\";transport=udp\n", 0},
{"outbound", NULL, A ";outbound=\"sip:p;foo=1\";x\n", A ";x\n", 0},
)


RUN(what_breaks_the_line_is_refused,
{"auth_user", "a\"b", A "\n", NULL, EINVAL},
{"auth_user", "a\nb", A "\n", NULL, EINVAL},
{"auth_user", "a\rb", A "\n", NULL, EINVAL},
{"auth_user", "a\tb", A "\n", NULL, EINVAL},
{"auth_user", "a\x7f", A "\n", NULL, EINVAL},
{"auth_user", "a\\", A "\n", NULL, EINVAL},
{"auth_user", "a\\b", A "\n", A ";auth_user=\"a\\b\"\n", 0},
{"auth_user", "a b;c", A "\n", A ";auth_user=\"a b;c\"\n", 0},
{"auth_user", "#a", A "\n", A ";auth_user=\"#a\"\n", 0},
{"auth_user", "<sip:b@h>", "sip:a@h;x\n",
	"sip:a@h;x;auth_user=\"<sip:b@h>\"\n", 0},
{"auth_user", "<sip:b@h>", A ";x\n", A ";x;auth_user=\"<sip:b@h>\"\n", 0},
{"a=b", "c", A "\n", NULL, EINVAL},
{"a;b", "c", A "\n", NULL, EINVAL},
{"[a]", "c", A "\n", NULL, EINVAL},
{"", "c", A "\n", NULL, EINVAL},
/* an open quotation mark takes in what is put behind it */
{"failover_retries", "5", A ";extra=\"x\n",
	A ";failover_retries=5;extra=\"x\n", 0},
{"regint", "60", A ";extra=\"x;regint=5\n",
	A ";regint=60;extra=\"x;regint=5\n", 0},
/* and an open one would be lost with what it has taken in */
{"outbound", "sip:p2", A ";outbound=\"sip:p1;x=1;y=2\n",
	A ";outbound=sip:p2;outbound=\"sip:p1;x=1;y=2\n", 0},
{"outbound", NULL, A ";outbound=\"sip:p1;x=1;y=2\n", NULL, EBADMSG},
)


RUN(no_such_line,
{"regint", "60", "", NULL, ENOENT},
{"regint", "60", "# " A "\n#" A "\n", NULL, ENOENT},
{"regint", "60", "<sip:b@h>\n", NULL, ENOENT},
{"regint", "60", A "\n" A "\n", NULL, ENOENT},
/* Baresip stops reading at these, and has no such account */
{"regint", "60", "   \n" A "\n", NULL, ENOENT},
{"regint", "60", "\r\n" A "\n", NULL, ENOENT},
{"regint", "60", " # x\n" A "\n", NULL, ENOENT},
{"regint", "60", "alice\n" A "\n", NULL, ENOENT},
)


static void changes_two(const struct rewrite_line *linev, const char *want)
{
	static const char file[] = A ";x\n<sip:b@h>\n" A ";y\n";
	const struct pl pl = { file, sizeof(file) - 1 };
	char *reason = NULL;
	struct mbuf *mb;
	struct pl out;
	int err;

	err = rewrite_accounts(&mb, &pl, linev, 2, MAX, &reason);
	assert_int_equal(err, want ? 0 : ENOENT);
	assert_int_equal(!!reason, !want);
	mem_deref(reason);

	if (want) {
		out.p = (char *)mb->buf;
		out.l = mb->end;
		assert_int_equal(pl_strcmp(&out, want), 0);
		mem_deref(mb);
	}
}


/* Of two accounts, or of two that have one address */
static void two_lines(void **state)
{
	const struct rewrite_change chg = { "regint", "60" };
	struct rewrite_line linev[] = {
		{ "sip:b@h", 0, 1, &chg, 1 }, { AOR, 0, 2, &chg, 1 },
	};
	(void)state;

	changes_two(linev, A ";x;regint=60\n<sip:b@h>;regint=60\n" A ";y\n");

	linev[1].nth = 1;
	changes_two(linev, A ";x\n<sip:b@h>;regint=60\n" A ";y;regint=60\n");

	linev[0] = linev[1];
	linev[0].nth = 0;
	changes_two(linev, A ";x;regint=60\n<sip:b@h>\n" A
		    ";y;regint=60\n");

	linev[1].nth = 2;
	changes_two(linev, NULL);
	linev[1].nth   = 0;
	linev[1].count = 1;
	changes_two(linev, NULL);
}


static void several_changes_or_none(void **state)
{
	const struct rewrite_change good[] = {
		{ "outbound",  "sip:p2;transport=tcp" },
		{ "outbound2", "sip:p1;transport=udp" },
		{ "regint", NULL },
		{ "failover_retries", "0" },
	};
	const struct rewrite_change bad[] = {
		{ "regint", "60" }, { "auth_user", "\"" },
	};
	static const char file[] = A OB1 OB2 ";regint=60;mwi=no\n";
	char *out = NULL;
	(void)state;

	assert_int_equal(change(&out, file, strlen(file), MAX, good, 4), 0);
	assert_string_equal(out, A ";outbound=\"sip:p2;transport=tcp\""
			    ";outbound2=\"sip:p1;transport=udp\""
			    ";failover_retries=0;mwi=no\n");
	out = mem_deref(out);

	assert_int_equal(change(&out, file, strlen(file), MAX, bad, 2),
			 EINVAL);
	assert_null(out);
}


/* Every length around the limit, for each of the limits */
static void as_long_as_baresip_reads(void **state)
{
	static const size_t maxv[] = { 511, 1023 };
	const struct rewrite_change chg = { "regint", "3600" };
	char line[1200], *out;
	(void)state;

	for (size_t i = 0; i < RE_ARRAY_SIZE(maxv); i++) {

		for (size_t len = maxv[i] - 20; len < maxv[i] + 5; len++) {

			const size_t grown = len + strlen(";regint=3600");
			int err;

			memset(line, 'x', sizeof(line));
			memcpy(line, A ";x=", strlen(A ";x="));
			line[len] = '\0';

			out = NULL;
			err = change(&out, line, len, maxv[i], &chg, 1);
			assert_int_equal(err, grown > maxv[i] ? EMSGSIZE : 0);
			if (!err)
				assert_int_equal(strlen(out), grown);
			mem_deref(out);
		}
	}
}


static void a_character_of_code_0(void **state)
{
	static const char file[] = A ";x=\0y\n";
	const struct rewrite_change chg = { "regint", "60" };
	char *out = NULL;
	(void)state;

	assert_int_equal(change(&out, file, sizeof(file) - 1, MAX, &chg, 1),
			 EBADMSG);
}


/* The same odd lines each time */
static uint32_t random_u32(void)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;

	return (uint32_t)(x >> 16);
}


static const char *any(const char *const *v, size_t n)
{
	return v[random_u32() % n];
}


static const char *const namev[] = {
	"regint", "pubint", "outbound", "outbound2", "failover_retries",
	"failover_servers", "failover", "auth_pass", "extra", "x", "mwi",
	"Regint", "outbound1", "transport", "regq", "cert", "failover_r",
};

static const char *const valv[] = {
	"1", "3600", "sip:p1", "sip:p1;transport=udp", "a b", "a,b",
	"sip:p;regint=7", "n=1;pubint=7", "\\", "a\\b", "<sip:c@d>", "#", "=",
	"sip:[::1]:5060;transport=tls", "\xc3\xa4", "x;failover;y", " ", ";",
};


static void print_odd_param(struct mbuf *mb)
{
	static const char *const blankv[] = { "", "", "", " ", "\t", "  " };
	const char *val = any(valv, RE_ARRAY_SIZE(valv));
	const unsigned form = random_u32() % 9;

	if (form == 0)
		val = "";

	(void)mbuf_printf(mb, "%s;%s%s%s%s%s%s%s%s",
			  any(blankv, 6), any(blankv, 6),
			  any(namev, RE_ARRAY_SIZE(namev)), any(blankv, 6),
			  form == 1 ? "" : "=", any(blankv, 6),
			  form > 4 ? "\"" : "", val,
			  form > 5 || form == 3 ? "\"" : "");
}


static const char *const beforev[] = {
	"", "\"Alice; <A>\" ", "Alice ", "Alice", "\"A", " ",
};


static struct mbuf *odd_file(void)
{
	static const char *const linev[] = {
		"", "", "# comment ;regint=1\n", "\n", "\n\n",
		"<sip:b@h>;regint=9;extra=\"\n", "<sip:b@h>\r\n", "#\r\n",
	};
	static const char *const addrv[] = {
		A, A, A, "sip:a@h", "<sip:a@h;transport=tcp>", "<sip:a:p@h>",
	};
	static const char *const endv[] = { "", "\n", "\r\n", " \n", "\t\r\n" };
	struct mbuf *mb = mbuf_alloc(64);
	unsigned n = random_u32() % 7;

	assert_non_null(mb);

	(void)mbuf_write_str(mb, any(linev, RE_ARRAY_SIZE(linev)));
	(void)mbuf_printf(mb, "%s%s", random_u32() % 4 ? "" :
			  any(beforev, RE_ARRAY_SIZE(beforev)),
			  any(addrv, RE_ARRAY_SIZE(addrv)));
	while (n--)
		print_odd_param(mb);

	(void)mbuf_write_str(mb, any(endv, RE_ARRAY_SIZE(endv)));
	if (mb->buf[mb->end - 1] == '\n')
		(void)mbuf_write_str(mb, any(linev, RE_ARRAY_SIZE(linev)));

	return mb;
}


/* The lines that Baresip reads, with its own account.c's rules */
static unsigned decode(struct sip_addr *addrv, char (*bufv)[512],
		       unsigned max, const char *file)
{
	struct pl pl, line;
	unsigned n = 0;

	for (pl_set_str(&pl, file); *pl.p && n < max;) {

		line   = pl;
		line.l = strcspn(pl.p, "\n");
		pl.p  += line.l + (pl.p[line.l] ? 1 : 0);

		if (!line.l || *line.p == '#')
			continue;

		(void)pl_strcpy(&line, bufv[n], sizeof(bufv[n]));
		pl_set_str(&line, bufv[n]);
		if (sip_addr_decode(&addrv[n], &line))
			break;
		++n;
	}

	return n;
}


/* As Baresip reads them: numbers, and texts; x is of nobody's business */
static bool same_value(const char *name, const struct pl *a,
		       const struct pl *b)
{
	const char *mark = pl_strchr(a, '"');
	struct pl own = *b;

	if (!strcasecmp(name, "regint") || !strcasecmp(name, "pubint"))
		return pl_u32(a) == pl_u32(b);
	if (strcmp(name, "x") || !mark || a->p[-1] == '"')
		return !pl_cmp(a, b);

	own.l = min(b->l, (size_t)(mark - a->p) + 1);

	return own.l && !memcmp(a->p, own.p, own.l) &&
		(own.l < b->l || own.p[own.l - 1] == '"');
}


/* x=1 within the quotation marks of the value that is changed is part of it */
static bool is_within(const struct sip_addr *addr, const char *name,
		      const struct pl *val)
{
	struct pl own;

	return name && !msg_param_decode(&addr->params, name, &own) &&
		val->p > own.p && val->p < own.p + own.l;
}


static void compare(const struct sip_addr *a, const struct sip_addr *b,
		    const char *changed)
{
	static const char *const askv[] = {
		"regint", "pubint", "outbound", "outbound1", "outbound2",
		"failover", "failover_retries", "failover_servers",
		"auth_pass", "auth_user", "extra", "mwi", "regq", "cert",
		"x",
	};

	assert_int_equal(pl_cmp(&a->dname, &b->dname), 0);
	assert_int_equal(pl_cmp(&a->auri, &b->auri), 0);

	for (size_t i = 0; i < RE_ARRAY_SIZE(askv); i++) {

		struct pl va = PL_INIT, vb = PL_INIT;
		int err;

		if (changed && !strcasecmp(askv[i], changed))
			continue;

		err = msg_param_decode(&a->params, askv[i], &va);
		if (!strcmp(askv[i], "x") && is_within(a, changed, &va))
			continue;

		assert_int_equal(msg_param_decode(&b->params, askv[i], &vb),
				 err);
		if (!err)
			if (!same_value(askv[i], &va, &vb)) { re_printf("%s: [%r] [%r]\n", askv[i], &va, &vb); re_printf("A %r\nB %r\n", &a->params,&b->params); assert_true(0);}

		assert_int_equal(msg_param_exists(&a->params, askv[i], &va),
				 msg_param_exists(&b->params, askv[i], &vb));
	}
}


static void same_but_for(const char *was, const char *is,
			 const struct rewrite_change *chg)
{
	struct sip_addr av[4], bv[4];
	char abuf[4][512], bbuf[4][512];
	const unsigned n = decode(av, abuf, 4, was);
	struct pl val;

	assert_int_equal(decode(bv, bbuf, 4, is), n);

	for (unsigned i = 0; i < n; i++) {

		const bool ours = !pl_strcmp(&av[i].uri.user, "a") &&
			!pl_strcmp(&av[i].uri.host, "h");

		compare(&av[i], &bv[i], ours ? chg->key : NULL);

		if (!ours)
			assert_string_equal(abuf[i], bbuf[i]);
		else if (chg->val)
			assert_true(!msg_param_decode(&bv[i].params, chg->key,
						      &val) &&
				    !pl_strcmp(&val, chg->val));
		else
			assert_int_equal(msg_param_exists(&bv[i].params,
							  chg->key, &val),
					 ENOENT);
	}
}


static void one_line_differs(const char *was, const char *is)
{
	size_t a = strlen(was), b = strlen(is), head = 0;

	while (was[head] && was[head] == is[head])
		++head;
	while (a > head && b > head && was[a - 1] == is[b - 1])
		--a, --b;

	assert_null(memchr(was + head, '\n', a - head));
	assert_null(memchr(is + head, '\n', b - head));
}


static void libre_reads_the_same_of_odd_files(void **state)
{
	unsigned done = 0, refused = 0;
	(void)state;

	for (unsigned i = 0; i < 30000; i++) {

		const struct rewrite_change chg = {
			any(namev, RE_ARRAY_SIZE(namev)),
			random_u32() % 5 ? any(valv, RE_ARRAY_SIZE(valv)) :
			NULL
		};
		struct mbuf *mb = odd_file();
		char *out = NULL, *file = NULL;

		mb->pos = 0;
		assert_int_equal(mbuf_strdup(mb, &file, mb->end), 0);

		if (change(&out, file, mb->end, MAX, &chg, 1)) {
			++refused;
		}
		else {
			same_but_for(file, out, &chg);
			one_line_differs(file, out);
			++done;
		}

		mem_deref(out);
		mem_deref(file);
		mem_deref(mb);
	}

	print_message("%u changed, %u refused\n", done, refused);
	assert_true(done > 15000);
	assert_true(refused > 1000);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(a_value_is_changed_where_it_stands),
		cmocka_unit_test(a_new_one_stands_with_its_kin),
		cmocka_unit_test(growth_is_foreseen),
		cmocka_unit_test(a_name_without_value_gets_one),
		cmocka_unit_test(all_of_one_name_are_removed),
		cmocka_unit_test(the_rest_of_the_file_stays),
		cmocka_unit_test(one_within_quotation_marks_comes_first),
		cmocka_unit_test(what_breaks_the_line_is_refused),
		cmocka_unit_test(no_such_line),
		cmocka_unit_test(two_lines),
		cmocka_unit_test(several_changes_or_none),
		cmocka_unit_test(as_long_as_baresip_reads),
		cmocka_unit_test(a_character_of_code_0),
		cmocka_unit_test(libre_reads_the_same_of_odd_files),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
