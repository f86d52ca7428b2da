/**
 * @file clean.c  Makes the output of commands safe text
 *
 * A command may repeat what the user typed, or text of Baresip's files. A user
 * who typed it sees it in a terminal. ctrl_tcp and mqtt put it into JSON.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "clean.h"
#include "foreign.h"


static int write_handler(const char *p, size_t size, void *arg)
{
	return mbuf_write_mem(arg, (const uint8_t *)p, size);
}


/* Clean each line in place; it never grows. The text ends with a 0 */
static int print_lines(struct re_printf *pf, char *p, size_t len)
{
	int err = 0;

	while (len && !err) {

		const char *lf = memchr(p, '\n', len);
		const size_t n = lf ? (size_t)(lf - p) : len;

		foreign_clean(p, n + 1, p, n);
		err = re_hprintf(pf, "%s%s", p, lf ? "\n" : "");

		p   += n + (lf ? 1 : 0);
		len -= n + (lf ? 1 : 0);
	}

	return err;
}


/**
 * Print the output of a function as lines of UTF-8. Control characters become
 * question marks.
 *
 * @param pf  Print function
 * @param h   Function that prints lines
 * @param arg Its argument
 *
 * @return 0 if success, otherwise errorcode; that of h has precedence
 */
int clean_print(struct re_printf *pf, re_printf_h *h, void *arg)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct re_printf own = { write_handler, mb };
	int err, perr;

	if (!mb)
		return ENOMEM;

	err  = h(&own, arg);
	perr = mbuf_write_u8(mb, '\0');
	if (!perr)
		perr = print_lines(pf, (char *)mb->buf, mb->end - 1);

	mem_deref(mb);

	return err ? err : perr;
}
