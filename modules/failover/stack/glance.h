/**
 * @file glance.h  Reads the main values of a SIP message without decoding it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_GLANCE_H
#define FAILOVER_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

/** Parts of a message; they point into its text. Empty: not there */
struct glance {
	bool req;                    /**< A request                          */
	struct pl met;               /**< Method, also of a response         */
	uint16_t scode;              /**< Status code of a response          */
	struct pl branch;            /**< Of the topmost Via                 */
	struct pl callid;
	uint32_t cseq;
	struct pl from;              /**< Value of From                      */
	struct pl from_uri;          /**< ... its URI: glance_parties()      */
	struct pl from_tag;
	struct pl to;                /**< Value of To                        */
	struct pl to_tag;
	struct pl contact;           /**< Value of the first Contact         */
	struct pl route;             /**< Value of the topmost Route         */
	struct pl expires;           /**< Value of Expires                   */
};

bool glance_read(struct glance *g, const char *p, size_t len);
bool glance_parties(struct glance *g);
bool glance_is_answer(const char *p, size_t len);
bool glance_is_provisional(const char *p, size_t len);
bool glance_is_whole(const char *p, size_t len);
bool glance_branch(struct pl *branch, const char *p, size_t len);

#endif
