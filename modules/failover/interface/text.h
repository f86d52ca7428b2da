/**
 * @file text.h  Changes one part of a text
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_TEXT_H
#define FAILOVER_TEXT_H

#include <re.h>

bool text_is(const struct pl *a, const char *name);
bool text_begins(const struct pl *pl, const char *prefix);
void text_value(struct pl *raw, struct pl *val, const char *p,
		const char *end, const char *stops);
bool text_is_writable(const char *val);
int  text_write_value(struct mbuf *mb, const char *val, bool quoted,
		      const char *plain);
int  text_replace(struct mbuf **mbp, const struct pl *text,
		  const struct pl *old, const struct pl *with);
int  text_copy(struct mbuf **mbp, const struct pl *text);
int  text_reason(char **reasonp, int err, const char *fmt, ...);
struct pl text_of(const struct mbuf *mb);

#endif
