/**
 * @file evidence.h  What is seen of an account's servers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_EVIDENCE_H
#define FAILOVER_EVIDENCE_H

#include "compat.h"
#include "state.h"

struct line;

/** What speaks against a server: see evidence.c */
enum evidence {
	EVIDENCE_NONE,               /**< The phone's own want               */
	EVIDENCE_SILENCE,            /**< Sent, not answered in its time     */
	EVIDENCE_ANSWER,             /**< An answer that is listed           */
	EVIDENCE_ERROR,              /**< ... of that packet or connection   */
};

enum evidence evidence_of(int err);
enum evidence evidence_of_text(const char *text);
bool evidence_counts(struct line *line, enum evidence kind,
		     const char *reason);

void evidence_retry_after(struct line *line, unsigned server, uint32_t s);
enum verdict evidence_failed(struct line *line, unsigned server,
			     enum evidence kind, uint64_t since,
			     const char *reason);
void evidence_unreachable(struct line *line, unsigned server,
			  const struct sa *dst, uint64_t since,
			  const char *reason);
bool evidence_goes_on(struct line *line, unsigned server,
		      const struct sa *dst);
enum verdict evidence_refused(struct line *line, unsigned server,
			      uint64_t since, const char *reason,
			      unsigned before);
bool evidence_is_far_end(const struct line *line, unsigned server,
			 const char *met, uint64_t since);
enum verdict evidence_unanswered(struct line *line, unsigned server,
				 const char *met, unsigned sends,
				 uint64_t since);
void evidence_doubted(struct line *line, unsigned server, uint64_t since);
void evidence_flow_ended(struct line *line, unsigned server,
			 uint64_t lived_ms);
void evidence_wanted_now(struct line *line);

#endif
