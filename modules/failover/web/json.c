/**
 * @file json.c  Text as JSON string and as label of metrics
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "json.h"
#include "escape.h"


static int print(struct re_printf *pf, const char *text, bool json)
{
	char buf[256 + 8];
	size_t left = text ? strlen(text) : 0, n = 0, used;
	int err;

	err = pf->vph("\"", 1, pf->arg);

	while (left && !err) {

		n += escape_next(buf + n, text, left, &used, json);
		text += used;
		left -= used;

		if (n >= 256 || !left) {
			err = pf->vph(buf, n, pf->arg);
			n = 0;
		}
	}

	return err ? err : pf->vph("\"", 1, pf->arg);
}


/**
 * Print a text as a string of JSON, with its quotes
 *
 * @param pf   Print function
 * @param text Text, may come from others; NULL counts as empty
 *
 * @return 0 if success, otherwise errorcode
 */
int json_string(struct re_printf *pf, const char *text)
{
	return print(pf, text, true);
}


/**
 * Print a text as the value of a label of Prometheus, with its quotes
 *
 * @param pf   Print function
 * @param text Text, may come from others; NULL counts as empty
 *
 * @return 0 if success, otherwise errorcode
 */
int json_label(struct re_printf *pf, const char *text)
{
	return print(pf, text, false);
}


static int write_handler(const char *p, size_t size, void *arg)
{
	return mbuf_write_mem(arg, (const uint8_t *)p, size);
}


/**
 * A print function that appends to a buffer
 *
 * @param pf Print function
 * @param mb Buffer
 */
void json_printer(struct re_printf *pf, struct mbuf *mb)
{
	pf->vph = write_handler;
	pf->arg = mb;
}
