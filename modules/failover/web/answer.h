/**
 * @file answer.h  Answers of the HTTP server
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_ANSWER_H
#define FAILOVER_ANSWER_H

#include "compat.h"

#define ANSWER_JSON "application/json"

struct httpd_conn;

/**
 * Writes the next part of an answer, some kilobytes
 *
 * @param mb  Buffer to append to; nothing appended: the answer is complete
 * @param arg Handler argument
 *
 * @return 0 if success, otherwise errorcode: the connection is closed
 */
typedef int (answer_part_h)(struct mbuf *mb, void *arg);

int  answer_continue(struct httpd_conn *conn);
void answer_whole(struct httpd_conn *conn, uint16_t scode, const char *ctype,
		  const char *headers, const uint8_t *body, size_t size);
void answer_error(struct httpd_conn *conn, uint16_t scode,
		  const char *headers, const char *why);
void answer_parts(struct httpd_conn *conn, const char *ctype,
		  answer_part_h *h, void *arg);

#endif
