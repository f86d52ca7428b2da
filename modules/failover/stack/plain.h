/**
 * @file plain.h  Parts of a header's value, where it is of the plain form
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PLAIN_H
#define FAILOVER_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <re.h>

bool plain_is_blank(char c);
bool plain_has(const struct pl *pl, char c);
void plain_trim(struct pl *pl);
bool plain_param(struct pl *val, const struct pl *params, const char *name);
bool plain_split(struct pl *uri, struct pl *params, const struct pl *addr);
bool plain_uri(struct pl *uri, const struct pl *addr);
bool plain_address_param(struct pl *val, const struct pl *addr,
			 const char *name);
bool plain_user(struct pl *user, const struct pl *addr);

#endif
