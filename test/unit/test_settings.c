/**
 * @file test_settings.c  Every key: what is taken and what is not
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "fixture.h"
#include "settings.h"

#define FIELD(f) offsetof(struct settings, f)

struct number {
	const char *key;
	size_t offset;               /**< In struct settings                 */
	uint32_t dflt, min, max;     /**< As in interface.md                 */
};

struct choice {
	const char *key;
	size_t offset;
	const char *word[2];         /**< Of values 0 and 1                  */
	uint32_t dflt;
};

static const struct number numberv[] = {
	{"failover_retries", FIELD(retries), 3, 0, 10},
	{"failover_timeout", FIELD(timeout_s), 0, 0, 31},
	{"failover_failback_interval", FIELD(failback_interval_s),
	 1800, 1, 86400},
	{"failover_failback_jitter", FIELD(failback_jitter), 10, 0, 100},
	{"failover_keepalive", FIELD(keepalive_s), 0, 0, 3600},
	{"failover_tcp_keepalive", FIELD(tcp_keepalive_s), 60, 0, 3600},
	{"failover_rise", FIELD(rise), 1, 1, 10},
	{"failover_fall", FIELD(fall), 1, 1, 10},
};

static const struct choice choicev[] = {
	{"failover_failback", FIELD(failback), {"no", "yes"}, 1},
	{"failover_probe", FIELD(probe), {"register", "options"}, 0},
	{"failover_flow", FIELD(flow), {"no", "yes"}, 1},
	{"failover_srv", FIELD(srv), {"no", "yes"}, 1},
	{"failover_standby", FIELD(standby), {"no", "yes"}, 0},
};

static const char *const codesv[] = {
	"failover_codes", "failover_call_codes",
};

/* Of no number's form */
static const char *const badv[] = {
	"", " ", "x", "three", "-1", "-0", "+1", " 1", "\t1", "1 ", "1x",
	"1s", "1.0", "1,1", "0x1", "1e0", "99999999999", "4294967297",
	"18446744073709551617", "99999999999999999999999999",
};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))


static uint32_t field(const struct settings *set, size_t offset)
{
	return *(const uint32_t *)(const void *)((const char *)set + offset);
}


static int set_number(struct settings *set, const char *key, uint64_t val)
{
	char buf[32];

	(void)snprintf(buf, sizeof(buf), "%llu", (unsigned long long)val);

	return settings_set(set, key, buf);
}


/* Not taken, and nothing at all has changed */
static void refuses(const char *key, const char *val)
{
	struct settings set, before;

	settings_init(&set);
	before = set;

	if (EINVAL != settings_set(&set, key, val))
		fail_msg("%s '%s' was taken", key, val);

	assert_memory_equal(&set, &before, sizeof(set));
}


static void number_defaults(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < COUNT(numberv); i++)
		assert_int_equal(field(&f->set, numberv[i].offset),
				 numberv[i].dflt);
}


static void number_limits_are_taken(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < COUNT(numberv); i++) {

		const struct number *k = &numberv[i];

		assert_int_equal(set_number(&f->set, k->key, k->min), 0);
		assert_int_equal(field(&f->set, k->offset), k->min);
		assert_int_equal(set_number(&f->set, k->key, k->max), 0);
		assert_int_equal(field(&f->set, k->offset), k->max);
	}
}


static void number_beyond_limits_is_refused(void **state)
{
	char val[32];
	(void)state;

	for (size_t i = 0; i < COUNT(numberv); i++) {

		const struct number *k = &numberv[i];

		(void)snprintf(val, sizeof(val), "%u", k->max + 1);
		refuses(k->key, val);

		if (k->min)
			refuses(k->key, "0");
	}
}


static void number_of_bad_form_is_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(numberv); i++) {
		for (size_t j = 0; j < COUNT(badv); j++)
			refuses(numberv[i].key, badv[j]);
	}
}


static void long_values_are_refused(void **state)
{
	char val[SETTINGS_TEXT_SIZE + 1];
	struct settings set;
	(void)state;

	settings_init(&set);
	memset(val, '0', sizeof(val));
	val[SETTINGS_TEXT_SIZE - 1] = '2';
	val[SETTINGS_TEXT_SIZE]     = '\0';

	refuses("failover_rise", val);
	assert_int_equal(0, settings_set(&set, "failover_rise", val + 1));
	assert_int_equal(2, set.rise);
}


static void number_changes_its_own_field_only(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < COUNT(numberv); i++) {

		const struct number *k = &numberv[i];
		struct settings set = f->set;

		assert_int_equal(set_number(&set, k->key, k->max), 0);
		assert_int_equal(set_number(&set, k->key, k->dflt), 0);
		assert_memory_equal(&set, &f->set, sizeof(set));
	}
}


static void choice_defaults(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < COUNT(choicev); i++)
		assert_int_equal(field(&f->set, choicev[i].offset),
				 choicev[i].dflt);
}


static void choice_words_are_taken(void **state)
{
	struct fix *f = *state;

	for (size_t i = 0; i < COUNT(choicev); i++) {

		const struct choice *k = &choicev[i];

		for (uint32_t v = 0; v < 2; v++) {
			assert_int_equal(settings_set(&f->set, k->key,
						      k->word[v]), 0);
			assert_int_equal(field(&f->set, k->offset), v);
		}
	}
}


static void choice_of_other_words_is_refused(void **state)
{
	static const char *const wordv[] = {
		"", " ", "0", "1", "true", "maybe", "yes ", " yes", "yesno",
		"ye", "n", "-1", "invite", "option", "registers",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(choicev); i++) {
		for (size_t j = 0; j < COUNT(wordv); j++)
			refuses(choicev[i].key, wordv[j]);
	}
}


static void choice_ignores_case(void **state)
{
	struct fix *f = *state;

	assert_int_equal(settings_set(&f->set, "failover_failback", "NO"), 0);
	assert_int_equal(f->set.failback, 0);
	assert_int_equal(settings_set(&f->set, "failover_probe", "Options"),
			 0);
	assert_int_equal(f->set.probe, PROBE_OPTIONS);
}


static void codes_defaults(void **state)
{
	struct fix *f = *state;

	static const uint16_t codev[] = { 408, 500, 502, 503, 504 };

	assert_int_equal(f->set.codes.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(settings_has_code(&f->set.codes, codev[i]));
	assert_int_equal(f->set.call_codes.n, 1);
	assert_true(settings_has_code(&f->set.call_codes, 503));
	assert_false(settings_has_code(&f->set.call_codes, 500));
}


static void codes_limits_are_taken(void **state)
{
	struct fix *f = *state;

	assert_int_equal(settings_set(&f->set, "failover_codes", "300,699"),
			 0);
	assert_int_equal(f->set.codes.n, 2);
	assert_int_equal(f->set.codes.v[0], 300);
	assert_int_equal(f->set.codes.v[1], 699);
	assert_false(settings_has_code(&f->set.codes, 500));

	assert_int_equal(settings_set(&f->set, "failover_call_codes", "480"),
			 0);
	assert_int_equal(f->set.call_codes.n, 1);
	assert_int_equal(f->set.call_codes.v[0], 480);
}


static void codes_of_bad_form_are_refused(void **state)
{
	static const char *const valv[] = {
		"", " ", ",", "299", "700", "500,299", "500,700", "700,500",
		"500,", ",500", "500,,503", "500;503", "500 503", "500x",
		"500,x", "-500", "500,-503", "5xx", "0", "65936", "500.",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(codesv); i++) {
		for (size_t j = 0; j < COUNT(valv); j++)
			refuses(codesv[i], valv[j]);
	}
}


static void codes_with_blanks_are_taken(void **state)
{
	struct fix *f = *state;

	assert_int_equal(settings_set(&f->set, "failover_codes",
				      " 500 , 502,  503 "), 0);
	assert_int_equal(f->set.codes.n, 3);
	assert_true(settings_has_code(&f->set.codes, 502));
}


static void list_codes(char *buf, size_t size, unsigned n)
{
	size_t l = 0;

	for (unsigned i = 0; i < n; i++)
		l += (size_t)snprintf(buf + l, size - l, "%s%u",
				      i ? "," : "", 500 + i);
}


static void codes_up_to_the_maximum_are_taken(void **state)
{
	struct fix *f = *state;
	char val[4 * (SETTINGS_MAX_CODES + 1)];

	list_codes(val, sizeof(val), SETTINGS_MAX_CODES);
	assert_int_equal(settings_set(&f->set, "failover_codes", val), 0);
	assert_int_equal(f->set.codes.n, SETTINGS_MAX_CODES);
	assert_true(settings_has_code(&f->set.codes,
				      500 + SETTINGS_MAX_CODES - 1));

	list_codes(val, sizeof(val), SETTINGS_MAX_CODES + 1);
	refuses("failover_codes", val);
}


static void codes_do_not_match_others(void **state)
{
	struct fix *f = *state;

	assert_false(settings_has_code(&f->set.codes, 0));
	assert_false(settings_has_code(&f->set.codes, 200));
	assert_false(settings_has_code(&f->set.codes, 501));
}


static void unknown_key(void **state)
{
	static const char *const keyv[] = {
		"", "failover", "failover_", "failover_retrie", "retries",
		"failover_retriesx", "FAILOVER_RETRIES", "failover_retries ",
	};
	struct fix *f = *state;
	struct settings before = f->set;

	for (size_t i = 0; i < COUNT(keyv); i++) {
		assert_int_equal(settings_set(&f->set, keyv[i], "1"), ENOENT);
		assert_null(settings_allowed(keyv[i]));
		assert_null(settings_default(keyv[i]));
	}

	assert_memory_equal(&f->set, &before, sizeof(before));
}


static void every_key_is_listed_once(void **state)
{
	const size_t n = COUNT(numberv) + COUNT(choicev) + COUNT(codesv);
	const char *key;
	size_t i;
	(void)state;

	for (i = 0; (key = settings_key(i)); i++) {
		assert_non_null(settings_allowed(key));
		assert_non_null(settings_default(key));

		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(key, settings_key(j));
	}

	assert_int_equal(i, n);
	assert_null(settings_key(n + 1));
	assert_null(settings_key(SIZE_MAX));
}


/* Setting each key to its default in words gives the defaults */
static void default_text_is_the_default(void **state)
{
	struct fix *f = *state;
	struct settings set;
	const char *key;

	memset(&set, 0, sizeof(set));

	for (size_t i = 0; (key = settings_key(i)); i++)
		assert_int_equal(settings_set(&set, key,
					      settings_default(key)), 0);

	assert_memory_equal(&set, &f->set, sizeof(set));
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		TEST(number_defaults),
		TEST(number_limits_are_taken),
		TEST(number_beyond_limits_is_refused),
		TEST(number_of_bad_form_is_refused),
		TEST(long_values_are_refused),
		TEST(number_changes_its_own_field_only),
		TEST(choice_defaults),
		TEST(choice_words_are_taken),
		TEST(choice_of_other_words_is_refused),
		TEST(choice_ignores_case),
		TEST(codes_defaults),
		TEST(codes_limits_are_taken),
		TEST(codes_of_bad_form_are_refused),
		TEST(codes_with_blanks_are_taken),
		TEST(codes_up_to_the_maximum_are_taken),
		TEST(codes_do_not_match_others),
		TEST(unknown_key),
		TEST(every_key_is_listed_once),
		TEST(default_text_is_the_default),
	};

	return cmocka_run_group_tests_name("settings", testv, NULL, NULL);
}
