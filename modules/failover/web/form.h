/**
 * @file form.h  Decodes a form or the parameters of a path
 *
 * Plain C: includes neither re.h nor baresip.h.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_FORM_H
#define FAILOVER_FORM_H

#include <stddef.h>

enum {
	FORM_MAX   = 16384,          /**< Length of a form [bytes]           */
	FORM_PAIRS = 64,             /**< Keys in it                         */
};

/** A key and its value, valid UTF-8 without control characters */
struct form_pair {
	const char *key;
	const char *val;
};

/** A form, decoded */
struct form {
	struct form_pair pairv[FORM_PAIRS];
	size_t pairc;
	char text[FORM_MAX + 1];     /**< What the pairs point into          */
};

int form_decode(struct form *form, const char *p, size_t l);
const char *form_get(const struct form *form, const char *key);

#endif
