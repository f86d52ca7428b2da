/**
 * @file contact.h  What an account is bound to
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CONTACT_H
#define FAILOVER_CONTACT_H

#include "compat.h"

struct glance;
struct line;

const char *contact_in_use(const struct line *line);
bool contact_is_known(const struct line *line, const struct pl *contact);
void contact_sent(struct line *line, const struct glance *g, bool in_use);
void contact_listed(struct line *line, const struct sip_msg *msg);
void contact_clean_up(struct line *line);

#endif
