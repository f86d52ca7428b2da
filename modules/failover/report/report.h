/**
 * @file report.h  Reports to the user
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REPORT_H
#define FAILOVER_REPORT_H

#include "compat.h"

struct decision;
struct line;

const char *report_reason(const struct line *line, const struct decision *d);
void report_decision(const struct line *line, const struct decision *d);
void report_test(const struct line *line, const char *text);
void report_maintenance(const struct line *line, unsigned server);
void report_flow_ended(const struct line *line, unsigned server,
		       uint64_t wait_ms);
void report_offline(struct line *line);
void report_online(struct line *line);
void report_call_moved(const struct line *line, struct call *call,
		       const char *peer, const char *old_id,
		       const char *new_id);
void report_call_failed(const struct line *line, const char *peer);
void report_bye_moved(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer);
void report_request_moved(const struct line *line, unsigned server,
			  const char *met, const struct sip_msg *answer);
void report_request_failed(const struct line *line, const char *met,
			   const struct pl *callid, const struct uri *peer);
void report_request_unsent(const struct line *line, unsigned server,
			   const char *met, const char *callid);
void report_call_stranded(const struct line *line, unsigned server,
			  struct call *call);
void report_dialog_unknown(const struct line *line, unsigned server,
			   const char *met, const struct pl *callid,
			   const struct uri *peer, bool kept);
void report_bye_ended(const struct line *line, unsigned server,
		      const char *callid, const char *peer,
		      const struct sip_msg *answer);
void report_bye_failed(const struct line *line, const char *callid,
		       const char *peer);

#endif
