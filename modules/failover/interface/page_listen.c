/**
 * @file page_listen.c  Where the page is, and who may see it
 *
 * The keys failover_http_... of the config file. At start, after a change and
 * when Baresip has read the file again, they are checked by the same
 * functions. What cannot be used leaves the page as it is.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>
#include "changes.h"
#include "keys.h"
#include "page_listen.h"
#include "text.h"
#include "web.h"


enum {
	VALUE_SIZE = 256,
};

/** Values of all keys; empty: unset */
struct values {
	char v[KEYS_PAGE][VALUE_SIZE];
};

static struct web *web;
static struct conf *conf;        /**< That was read, referenced              */
static struct values served;     /**< That the page is served with           */


static enum keys_page find(const char *key)
{
	enum keys_page i = KEYS_LISTEN;

	while (i < KEYS_PAGE && strcmp(key, keys_page(i)))
		++i;

	return i;
}


/**
 * Is this a key of the page?
 *
 * @param key Key
 *
 * @return True if it is
 */
bool page_listen_is_key(const char *key)
{
	return find(key) < KEYS_PAGE;
}


/**
 * Is its value shown to nobody?
 *
 * @param key Key
 *
 * @return True if it is a password
 */
bool page_listen_is_secret(const char *key)
{
	return find(key) == KEYS_PASSWORD;
}


/* libre reads 99999 as 34463 */
static bool has_port(const char *val)
{
	const char *colon = strrchr(val, ':');
	char *end;
	long port;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;

	port = strtol(colon + 1, &end, 10);

	return !*end && port >= 1 && port <= 65535;
}


/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080" */
static int decode_listen(struct sa *sa, const char *val)
{
	static const char name[] = "localhost:";
	const size_t n = sizeof(name) - 1;
	char addr[VALUE_SIZE + 16];

	if (!has_port(val))
		return EINVAL;

	(void)re_snprintf(addr, sizeof(addr), "%s%s",
			  strncmp(val, name, n) ? "" : "127.0.0.1:",
			  strncmp(val, name, n) ? val : val + n);

	return sa_decode(sa, addr, strlen(addr));
}


/* What is wrong with a value by itself: the rest of a sentence, NULL if
   nothing is */
static const char *form_error(enum keys_page key, const char *val)
{
	struct sa sa;

	if (strlen(val) >= VALUE_SIZE || !text_is_writable(val))
		return "is not a text of at most 255 characters, without"
			" quotation marks and control characters";

	if (key == KEYS_LISTEN && *val && decode_listen(&sa, val))
		return "is not an address and a port, like 127.0.0.1:8080";

	return NULL;
}


static void print_error(char **errorp, enum keys_page key, const char *val,
			const char *text)
{
	const bool shown = key != KEYS_PASSWORD && *val &&
		strlen(val) < VALUE_SIZE;

	if (shown)
		(void)re_sdprintf(errorp, "'%s' %s", val, text);
	else
		(void)re_sdprintf(errorp, "the value %s", text);
}


static void print_cert_error(char **errorp, const char *cert, int err)
{
	(void)re_sdprintf(errorp, "'%s' is not a PEM file with a key and its"
			  " certificate (%m)", cert, err);
}


/**
 * What is wrong with a value by itself
 *
 * @param chg Key of the page, and its value
 *
 * @return Part of a sentence, to be released with mem_deref(); NULL if nothing
 *         is wrong
 */
char *page_listen_error(const struct rewrite_change *chg)
{
	const enum keys_page key = find(chg->key);
	const char *val = chg->val ? chg->val : "";
	const char *text = form_error(key, val);
	char *error = NULL;
	int err;

	if (text) {
		print_error(&error, key, val, text);
	}
	else if (key == KEYS_CERT && *val) {
		err = web_read_cert(NULL, val);
		if (err)
			print_cert_error(&error, val, err);
	}

	return error;
}


/* A changed value overrides the file. False if it is too long */
static bool read_value(enum keys_page key, char *val)
{
	const struct changed *chg = changes_find(NULL, keys_page(key));
	int err;

	if (chg) {
		str_ncpy(val, chg->val, VALUE_SIZE);
		return true;
	}

	err = conf_get_str(conf_cur(), keys_page(key), val, VALUE_SIZE);

	return !err || err == ENOENT;
}


/* Returns the key that is wrong, and says what */
static int read_values(struct values *values, enum keys_page *key,
		       char **errorp)
{
	memset(values, 0, sizeof(*values));

	for (enum keys_page i = KEYS_LISTEN; i < KEYS_PAGE; i++) {

		char *val = values->v[i];
		const char *text = read_value(i, val) ? form_error(i, val) :
			"is longer than 255 characters";

		if (text) {
			*key = i;
			print_error(errorp, i, val, text);
			return EINVAL;
		}
	}

	return 0;
}


static const char *value(const struct values *values, enum keys_page key)
{
	const char *val = values->v[key];

	return *val ? val : NULL;
}


static enum keys_page describe(char **errorp, const struct values *values,
			 enum web_fault fault, int err)
{
	switch (fault) {

	case WEB_NO_PASSWORD:
		(void)re_sdprintf(errorp, "'%s' is not on loopback: it needs"
				  " failover_http_user and"
				  " failover_http_password",
				  values->v[KEYS_LISTEN]);
		return KEYS_LISTEN;

	case WEB_CERT:
		print_cert_error(errorp, values->v[KEYS_CERT], err);
		return KEYS_CERT;

	default:
		(void)re_sdprintf(errorp, "'%s' cannot be opened (%m)",
				  values->v[KEYS_LISTEN], err);
		return KEYS_LISTEN;
	}
}


/* Serve the page with these values, or say what is wrong and with which key */
static int serve(const struct values *values, enum keys_page *key,
		 char **errorp)
{
	struct web_conf wc = {
		.user     = value(values, KEYS_USER),
		.password = value(values, KEYS_PASSWORD),
		.cert     = value(values, KEYS_CERT),
	};
	enum web_fault fault;
	int err;

	if (!value(values, KEYS_LISTEN)) {
		if (value(&served, KEYS_LISTEN))
			info("failover: the page is off\n");
		web_unlisten(web);
		return 0;
	}

	(void)decode_listen(&wc.laddr, values->v[KEYS_LISTEN]);

	err = web_listen(web, &wc, &fault);
	if (err)
		*key = describe(errorp, values, fault, err);
	else
		info("failover: the page is at %s://%J/\n",
		     wc.cert ? "https" : "http", &wc.laddr);

	return err;
}


/**
 * Serve the page with the values that the config file and the changes have now
 *
 * @param keyp   Returns the key whose value is wrong
 * @param errorp Returns what is wrong, part of a sentence, to be released with
 *               mem_deref()
 *
 * @return 0 if success, otherwise errorcode: the page is served as before
 */
int page_listen_change(const char **keyp, char **errorp)
{
	enum keys_page key = KEYS_LISTEN;
	struct values values;
	int err = 0;

	*errorp = NULL;

	if (!web)
		return ENOMEM;

	err = read_values(&values, &key, errorp);

	if (!err && memcmp(&values, &served, sizeof(values)))
		err = serve(&values, &key, errorp);
	if (!err)
		served = values;

	*keyp = keys_page(key);

	return err;
}


static void read_config(void)
{
	const char *key = "";
	char *error = NULL;

	conf = mem_ref(conf_cur());

	if (page_listen_change(&key, &error))
		warning("failover: config: %s: %s; the page %s\n", key,
			error ? error : "no memory",
			value(&served, KEYS_LISTEN) ? "stays as it was" :
			"is off");

	mem_deref(error);
}


/**
 * Serve the page if the config file asks for it; warn of wrong values
 *
 * @param ops Functions of the page; must stay valid
 */
void page_listen_open(const struct web_ops *ops)
{
	(void)web_alloc(&web, ops);
	read_config();
}


/** Serve the page anew if Baresip has read the config file again */
void page_listen_reread(void)
{
	if (!conf_cur() || conf_cur() == conf)
		return;

	conf = mem_deref(conf);
	read_config();
}


/** Close the page */
void page_listen_close(void)
{
	web  = mem_deref(web);
	conf = mem_deref(conf);
	memset(&served, 0, sizeof(served));
}
