/**
 * @file test_rewrite_config.c  Values in the text of a config file
 *
 * What a person would write is compared to the byte. For thousands of odd
 * files libre reads all keys before and after, as Baresip does.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "fixture.h"
#include "compat.h"
#include "rewrite.h"


#define R   "failover_retries"
#define SET R "\t5"

/** One change of a file, and what comes out */
struct example {
	const char *key;
	const char *val;
	const char *file;
	const char *want;            /**< NULL: refused                      */
	int err;
};


static int change(char **out, const char *file,
		  const struct rewrite_change *chgv, size_t chgc)
{
	char *reason = NULL;
	struct mbuf *mb;
	struct pl pl;
	int err;

	pl_set_str(&pl, file);
	err = rewrite_config(&mb, &pl, chgv, chgc, &reason);

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

	assert_int_equal(change(&out, ex->file, &chg, 1), ex->err);
	if (ex->want)
		assert_string_equal(out, ex->want);
	else
		assert_null(out);

	mem_deref(out);
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
{R, "5", R " 3\n", R " 5\n", 0},
{R, "5", R "\t\t3\n", R "\t\t5\n", 0},
{R, "5", "  " R "  3  # three\n", "  " R "  5  # three\n", 0},
{R, "5", R " \"3\"\n", R " \"5\"\n", 0},
{R, "5", "FAILOVER_Retries 3\n", "FAILOVER_Retries 5\n", 0},
{R, "5", R " 3\r\nx 1\r\n", R " 5\r\nx 1\r\n", 0},
{R, "5", "x 1\r" R " 3\ry 2", "x 1\r" R " 5\ry 2", 0},
{R, "5", R " 3\n" R " 4\n", R " 5\n" R " 4\n", 0},
{R, "5", R "\n" R " \n" R " 3\n", R "\n" R " \n" R " 5\n", 0},
{R, "5", "#" R " 9\n" R " 3", "#" R " 9\n" R " 5", 0},
{R, "5", R "_x 3\nx" R " 3\n" R " 3\n", R "_x 3\nx" R " 3\n" R " 5\n", 0},
{R, "5 6", R " 3\n", R " \"5 6\"\n", 0},
{R, "3", R " 3\n", R " 3\n", 0},
)


RUN(a_new_one_stands_where_a_person_would_put_it,
{R, "5", "", SET "\n", 0},
{R, "5", "\n", SET "\n\n", 0},
{R, "5", "x 1\n", "x 1\n" SET "\n", 0},
{R, "5", "x 1", "x 1\n" SET, 0},
{R, "5", "x 1\r\n", "x 1\r\n" SET "\r\n", 0},
{R, "5", "x 1\r\ny 1", "x 1\r\ny 1\r\n" SET, 0},
{R, "5", "x 1\r", "x 1\r" SET "\r", 0},
{R, "5", "x 1\n#" R "\t3\ny 2\n", "x 1\n#" R "\t3\n" SET "\ny 2\n", 0},
{R, "5", "# # " R "\r\ny 2\n", "# # " R "\r\n" SET "\r\ny 2\n", 0},
{R, "5", "failover_rise 1\nx 1\nfailover_fall 1\ny\n",
	"failover_rise 1\nx 1\nfailover_fall 1\n" SET "\ny\n", 0},
{R, "5", "x 1\n#failover_fall 1\n\ny 2\n",
	"x 1\n#failover_fall 1\n" SET "\n\ny 2\n", 0},
{R, "5", "x 1\n\n\n", "x 1\n\n\n" SET "\n", 0},
{R, "5", "x 1\n  ", "x 1\n  \n" SET, 0},
{"sip_x", "a b", "x 1\n", "x 1\nsip_x\t\t\t\"a b\"\n", 0},
{"failover_failback_interval", "60", "x 1\n",
	"x 1\nfailover_failback_interval\t60\n", 0},
)


RUN(all_lines_of_one_key_are_removed,
{R, NULL, R " 3\n", "", 0},
{R, "", "x 1\n" R " 3\ny 2\n", "x 1\ny 2\n", 0},
{R, NULL, "x 1\n" R " 3", "x 1\n", 0},
{R, NULL, R " 3\r\n# " R " 4\r\n" R " 5\r\n", "# " R " 4\r\n", 0},
{R, NULL, "x 1\n", "x 1\n", 0},
)


RUN(what_breaks_the_file_is_refused,
{R, "a\"b", "x 1\n", NULL, EINVAL},
{R, "a\nb", "x 1\n", NULL, EINVAL},
{R, "a\\", "x 1\n", NULL, EINVAL},
{R, "\"", R " 3\n", NULL, EINVAL},
{"a b", "c", "x 1\n", NULL, EINVAL},
{"[a]", "c", "x 1\n", NULL, EINVAL},
{"#a", "c", "x 1\n", NULL, EINVAL},
{R, "#", "x 1\n", "x 1\n" R "\t#\n", 0},
/* an open quotation mark takes in the lines behind it */
{R, "5", "x \"1\ny 2\n", SET "\nx \"1\ny 2\n", 0},
{R, "5", "x \"1\n" R " 3\n", NULL, EBADMSG},
{R, NULL, "x \"1\n" R " 3\n", NULL, EBADMSG},
{R, NULL, R " \"3\nx 1\n", "x 1\n", 0},
{R, "5", R " \"3\nx 1\n", NULL, EBADMSG},
/* but not in a comment */
{R, "5", "# x \"1\n#y \"1\n" R " 3\n", "# x \"1\n#y \"1\n" R " 5\n", 0},
)


static void several_changes_or_none(void **state)
{
	const struct rewrite_change good[] = {
		{ R, "5" }, { "failover_rise", NULL }, { "failover_fall", "2" },
	};
	const struct rewrite_change bad[] = { { R, "5" }, { "x", "\"" } };
	static const char file[] = "failover_rise 3\n" R " 3\nx 1\n";
	char *out = NULL;
	(void)state;

	assert_int_equal(change(&out, file, good, 3), 0);
	assert_string_equal(out, R " 5\nfailover_fall\t\t2\nx 1\n");
	out = mem_deref(out);

	assert_int_equal(change(&out, file, bad, 2), EINVAL);
	assert_null(out);
}


/* The same odd files each time */
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


static const char *const keyv[] = {
	R, "failover_rise", "failover_fall", "module", "x", "sip_listen",
	"Failover_Retries", "failover", "audio_path",
};

static const char *const valv[] = {
	"1", "3600", "a b", "0.0.0.0:5060", "\\", "a\\b", "#", ";",
	"\xc3\xa4", "/usr/share/x", "\"", "failover_rise 9", "1\"", " 1",
};


static struct mbuf *odd_file(void)
{
	static const char *const breakv[] = { "\n", "\n", "\r\n", "\r", "\n\n" };
	static const char *const blankv[] = { " ", "\t", "\t\t\t", "  ", "" };
	static const char *const linev[] = { "", "", "", "#", "# ", " ", "\t" };
	const char *br = any(breakv, RE_ARRAY_SIZE(breakv));
	struct mbuf *mb = mbuf_alloc(64);
	unsigned n = random_u32() % 9;

	assert_non_null(mb);

	while (n--) {

		const unsigned form = random_u32() % 8;

		(void)mbuf_printf(mb, "%s%s%s%s%s%s%s",
				  any(linev, RE_ARRAY_SIZE(linev)),
				  any(keyv, RE_ARRAY_SIZE(keyv)),
				  any(blankv, RE_ARRAY_SIZE(blankv)),
				  form > 4 ? "\"" : "",
				  form ? any(valv, RE_ARRAY_SIZE(valv)) : "",
				  form > 5 ? "\"" : "", n || form > 1 ? br :
				  "");
		if (!(random_u32() % 8))
			br = any(breakv, RE_ARRAY_SIZE(breakv));
	}

	return mb;
}


static int collect(const struct pl *val, void *arg)
{
	struct mbuf *mb = arg;

	return mbuf_printf(mb, "%zu:%r;", val->l, val);
}


static void same_but_for(const char *was, const char *is,
			 const struct rewrite_change *chg)
{
	struct mbuf *a = mbuf_alloc(64), *b = mbuf_alloc(64);
	struct conf *ca, *cb;
	struct pl val;

	assert_int_equal(conf_alloc_buf(&ca, (const uint8_t *)was,
					strlen(was)), 0);
	assert_int_equal(conf_alloc_buf(&cb, (const uint8_t *)is,
					strlen(is)), 0);

	for (size_t i = 0; i < RE_ARRAY_SIZE(keyv); i++) {

		if (!strcasecmp(keyv[i], chg->key))
			continue;

		a->pos = a->end = b->pos = b->end = 0;
		assert_int_equal(conf_apply(ca, keyv[i], collect, a),
				 conf_apply(cb, keyv[i], collect, b));
		assert_int_equal(a->end, b->end);
		if (a->end)
			assert_memory_equal(a->buf, b->buf, a->end);
	}

	if (chg->val) {
		assert_int_equal(conf_get(cb, chg->key, &val), 0);
		assert_int_equal(pl_strcmp(&val, chg->val), 0);
	}
	else {
		assert_int_equal(conf_get(cb, chg->key, &val), ENOENT);
	}

	mem_deref(ca);
	mem_deref(cb);
	mem_deref(a);
	mem_deref(b);
}


static unsigned line_feeds(const char *p, size_t n)
{
	unsigned count = 0;

	while (n--)
		count += *p++ == '\n';

	return count;
}


/* A value is a part of one line, a new one is a line of its own */
static void one_line_differs(const char *was, const char *is)
{
	size_t a = strlen(was), b = strlen(is), head = 0;

	while (was[head] && was[head] == is[head])
		++head;
	while (a > head && b > head && was[a - 1] == is[b - 1])
		--a, --b;

	assert_int_equal(line_feeds(was + head, a - head), 0);
	assert_true(line_feeds(is + head, b - head) <= 1);
}


static void libre_reads_the_same_of_odd_files(void **state)
{
	unsigned done = 0, refused = 0;
	(void)state;

	for (unsigned i = 0; i < 30000; i++) {

		const struct rewrite_change chg = {
			any(keyv, RE_ARRAY_SIZE(keyv)),
			random_u32() % 5 ? any(valv, RE_ARRAY_SIZE(valv)) :
			NULL
		};
		struct mbuf *mb = odd_file();
		char *out = NULL, *file = NULL;

		mb->pos = 0;
		assert_int_equal(mbuf_strdup(mb, &file, mb->end), 0);

		if (change(&out, file, &chg, 1)) {
			++refused;
		}
		else {
			same_but_for(file, out, &chg);
			if (chg.val)
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
		cmocka_unit_test(a_new_one_stands_where_a_person_would_put_it),
		cmocka_unit_test(all_lines_of_one_key_are_removed),
		cmocka_unit_test(what_breaks_the_file_is_refused),
		cmocka_unit_test(several_changes_or_none),
		cmocka_unit_test(libre_reads_the_same_of_odd_files),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
