/*
 * For LD_PRELOAD: OpenSSL lets nobody see its connections.
 *
 * BLIND=hook: the hook cannot be set up.  BLIND=peer: it can, and fails for
 * each connection.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>


static int index_of_ssl = -1;    /* Whoever asks first: the module */


static int is_told(const char *what)
{
	const char *told = getenv("BLIND");

	return told && !strcmp(told, what);
}


int CRYPTO_get_ex_new_index(int class_index, long argl, void *argp,
			    CRYPTO_EX_new *new_func, CRYPTO_EX_dup *dup_func,
			    CRYPTO_EX_free *free_func)
{
	int (*real)(int, long, void *, CRYPTO_EX_new *, CRYPTO_EX_dup *,
		    CRYPTO_EX_free *);
	int index;

	if (class_index == CRYPTO_EX_INDEX_SSL && is_told("hook"))
		return -1;

	*(void **)&real = dlsym(RTLD_NEXT, "CRYPTO_get_ex_new_index");

	index = real(class_index, argl, argp, new_func, dup_func, free_func);
	if (class_index == CRYPTO_EX_INDEX_SSL && index_of_ssl < 0)
		index_of_ssl = index;

	return index;
}


int CRYPTO_set_ex_data(CRYPTO_EX_DATA *ad, int idx, void *val)
{
	int (*real)(CRYPTO_EX_DATA *, int, void *);

	if (is_told("peer") && index_of_ssl >= 0 && idx == index_of_ssl)
		return 0;

	*(void **)&real = dlsym(RTLD_NEXT, "CRYPTO_set_ex_data");

	return real(ad, idx, val);
}
