/**
 * @file decide.h  What an account's policy has decided, told and queued
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_DECIDE_H
#define FAILOVER_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

struct decision;
struct line;

typedef void (decide_h)(struct line *line);
typedef bool (decide_idle_h)(const struct line *line);

void decide_open(decide_h *todo, decide_idle_h *idle, decide_h *time);
void decide_take(struct line *line, const struct decision *d);
void decide_wait(struct line *line, uint32_t ms);
void decide_go_on(struct line *line);
void decide_probe(struct line *line, unsigned server);
void decide_start_timer(struct line *line);
void decide_look_again(struct line *line, uint32_t ms);

#endif
