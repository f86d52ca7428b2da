/**
 * @file test_diff.c  A unified diff without passwords
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture.h"
#include "compat.h"
#include "diff.h"
#include "secret.h"


static char *diff(const char *was, const char *is)
{
	struct diff d = { .name = "f" };
	char *str = NULL;

	pl_set_str(&d.was, was);
	pl_set_str(&d.is, is);
	assert_int_equal(re_sdprintf(&str, "%H", diff_print, &d), 0);

	return str;
}


static void shows(const char *was, const char *is, const char *want)
{
	char *str = diff(was, is);

	assert_string_equal(str, want);
	mem_deref(str);
}


static void nothing_differs(void **state)
{
	(void)state;

	shows("", "", "");
	shows("a\nb\n", "a\nb\n", "");
}


static void one_line_differs(void **state)
{
	(void)state;

	shows("a\n", "b\n", "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n+b\n");
	shows("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	      "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n"
	      " 8\n");
	shows("", "a\n", "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
	shows("a\n", "", "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n");
	shows("a\nb\n", "a\nx\nb\n",
	      "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n+x\n b\n");
}


static void no_line_feed_at_the_end(void **state)
{
	(void)state;

	shows("a", "a\nb", "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n"
	      "\\ No newline at end of file\n+a\n+b\n"
	      "\\ No newline at end of file\n");
	shows("a\nb", "x\nb", "--- f\n+++ f\n@@ -1,2 +1,2 @@\n-a\n+x\n b\n"
	      "\\ No newline at end of file\n");
}


static void changes_far_apart(void **state)
{
	(void)state;

	/* seven lines between them: two hunks; six: one */
	shows("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "x\n1\n2\n3\n4\n5\n6\n7\ny\n",
	      "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+x\n 1\n 2\n 3\n"
	      "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+y\n");
	shows("a\n1\n2\n3\n4\n5\n6\nb\n", "x\n1\n2\n3\n4\n5\n6\ny\n",
	      "--- f\n+++ f\n@@ -1,8 +1,8 @@\n-a\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n"
	      "-b\n+y\n");
}


static void hides(const char *text, const char *want)
{
	struct mbuf *mb;
	struct pl pl;

	pl_set_str(&pl, text);
	assert_int_equal(secret_hide(&mb, &pl), 0);

	mb->pos = 0;
	pl_set_mbuf(&pl, mb);
	if (pl_strcmp(&pl, want)) {
		print_message("'%.*s' is not '%s'\n", (int)pl.l, pl.p, want);
		fail();
	}

	mem_deref(mb);
}


static void passwords_of_accounts(void **state)
{
	(void)state;

	hides("<sip:a@h>;auth_pass=geheim;regint=60\n",
	      "<sip:a@h>;auth_pass=***;regint=60\n");
	hides("<sip:a@h>;Auth_Pass \t= \"ge;h eim\" ;x\n",
	      "<sip:a@h>;Auth_Pass \t= *** ;x\n");
	hides("<sip:a@h>;auth_pass=ge\"h;e\"im;x", "<sip:a@h>;auth_pass=***;x");
	hides("<sip:a@h>;auth_pass=\"geh;eim\n<sip:b@h>\n",
	      "<sip:a@h>;auth_pass=***\n<sip:b@h>\n");
	hides(";stunpass=x;uas_pass=y;stunuser=z\r\n",
	      ";stunpass=***;uas_pass=***;stunuser=z\r\n");
	hides("#<sip:a@h>;auth_pass=geheim\n", "#<sip:a@h>;auth_pass=***\n");
	hides(";extra=\"n=1;my_secret=x y;z=1\";regint=60",
	      ";extra=\"n=1;my_secret=***;z=1\";regint=60");
	hides(";auth_pass=;x\n", ";auth_pass=;x\n");
}


static void passwords_of_uris(void **state)
{
	(void)state;

	hides("<sip:a:geheim@h:5060>;x\n", "<sip:a:***@h:5060>;x\n");
	hides("<sip:a:ge@heim@h>;x\n", "<sip:a:***@h>;x\n");
	hides("sip:a:ge;heim@h;x\n", "sip:a:***@h;x\n");
	hides(";outbound=\"sip:u:geheim@p:5060;transport=udp\";y\n",
	      ";outbound=\"sip:u:***@p:5060;transport=udp\";y\n");
	hides(";stunserver=stun:u:geheim@s:3478;y\n",
	      ";stunserver=stun:u:***@s:3478;y\n");
	hides("x_url http://u:geheim@h/\n", "x_url http://u:***@h/\n");
	hides(";outbound=sip:p1:5060;outbound2=sip:u:geheim@p:5060\n",
	      ";outbound=sip:p1:***@p:5060\n");
	hides("<sip:a@[::1]:5060;transport=udp>;outbound=\"sip:[::1]:5060\"\n",
	      "<sip:a@[::1]:5060;transport=udp>;outbound=\"sip:[::1]:5060\"\n");
}


static void passwords_of_the_config(void **state)
{
	(void)state;

	hides("failover_http_password\tgeheim\n",
	      "failover_http_password\t***\n");
	hides("failover_http_password \"ge heim\" # x\n",
	      "failover_http_password *** # x\n");
	hides("#  mqtt_broker_password geheim\r\nx 1\r\n",
	      "#  mqtt_broker_password ***\r\nx 1\r\n");
	/* over several lines, as libre reads it */
	hides("a_password \"ge\nhei\nm\"\nx 1\n", "a_password ***\n\n\nx 1\n");
	hides("x 1\n# the password of\npass\n",
	      "x 1\n# the password of\npass\n");
}


/* Lines that differ in a password alone are shown nevertheless */
static void a_password_that_is_changed(void **state)
{
	(void)state;

	shows("a_password x\n", "a_password y\n",
	      "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a_password ***\n"
	      "+a_password ***\n");
}


static const char *line_end(const char *p)
{
	const char *lf = strchr(p, '\n');

	return lf ? lf + 1 : p + strlen(p);
}


/* Copy lines up to this number */
static const char *copy_to(char *out, const char *p, unsigned *line,
			   unsigned number)
{
	while (*line < number) {

		const char *end = line_end(p);

		assert_true(*p);
		strncat(out, p, (size_t)(end - p));
		p = end;
		++*line;
	}

	return p;
}


/* Change a text as patch(1) does, where each line has to be as it says */
static void patch(char *out, const char *was, const char *diff)
{
	unsigned line = 1, first, count;
	const char *p;

	*out = '\0';

	for (p = line_end(line_end(diff)); *p; p = line_end(p)) {

		/* a line feed that is not there */
		const bool cut = *line_end(p) == '\\';
		const size_t n = (size_t)(line_end(p) - p) - 1 - cut;

		if (sscanf(p, "@@ -%u,%u ", &first, &count) == 2) {
			was = copy_to(out, was, &line, first + !count);
			continue;
		}

		if (*p == '\\')
			continue;

		if (*p != '+') {
			assert_int_equal(line_end(was) - was, n);
			assert_memory_equal(was, p + 1, n);
			was += n;
			++line;
		}
		if (*p != '-')
			strncat(out, p + 1, n);
	}

	strcat(out, was);
}


static void random_text(char *text, long letters)
{
	long n = random() % 40;

	*text = '\0';

	while (n--)
		(void)sprintf(text + strlen(text), "%c%s",
			      (char)('a' + random() % letters),
			      n || random() % 2 ? "\n" : "");
}


static void patch_makes_the_new_text(void **state)
{
	(void)state;
	srandom(1);

	for (unsigned i = 0; i < 10000; i++) {

		char was[128], is[128], out[256], *str;

		random_text(was, 1 + i % 5);
		random_text(is, 1 + i % 5);

		str = diff(was, is);
		if (strcmp(was, is)) {
			patch(out, was, str);
			assert_string_equal(out, is);
		}
		else {
			assert_string_equal(str, "");
		}
		mem_deref(str);
	}
}


static char *numbered(unsigned n, const char *text)
{
	char *str = malloc(n * 8 + 1);

	assert_non_null(str);
	*str = '\0';

	for (unsigned i = 0; i < n; i++)
		(void)snprintf(str + i * 8, 9, "%s%06u\n", text, i);

	return str;
}


/* Too many to be paired: all out, all in */
static void large_files(void **state)
{
	char *was = numbered(3000, "a"), *is = numbered(3000, "b");
	char *str = diff(was, is);
	(void)state;

	assert_non_null(strstr(str, "@@ -1,3000 +1,3000 @@\n-a000000\n"));
	assert_non_null(strstr(str, "\n-a002999\n+b000000\n"));

	mem_deref(str);
	free(was);
	free(is);
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(one_line_differs),
		cmocka_unit_test(no_line_feed_at_the_end),
		cmocka_unit_test(changes_far_apart),
		cmocka_unit_test(passwords_of_accounts),
		cmocka_unit_test(passwords_of_uris),
		cmocka_unit_test(passwords_of_the_config),
		cmocka_unit_test(a_password_that_is_changed),
		cmocka_unit_test(patch_makes_the_new_text),
		cmocka_unit_test(large_files),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
