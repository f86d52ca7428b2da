/**
 * @file own_side.h  What is seen of the phone itself
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_OWN_SIDE_H
#define FAILOVER_OWN_SIDE_H

#include <stdbool.h>

struct line;

bool own_side_is_at_fault(struct line *line);
void own_side_try_again(struct line *line);
void own_side_in_want(struct line *line);
void own_side_network_back(struct line *line);
bool own_side_network_changed(struct line *line, bool added);
bool own_side_woke(struct line *line);
void own_side_renewed(struct line *line);

#endif
