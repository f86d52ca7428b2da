/**
 * @file registration.h  Baresip's own registration
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_REGISTRATION_H
#define FAILOVER_REGISTRATION_H

struct line;

void registration_move(struct line *line, unsigned server);
void registration_restore(struct line *line, const char *outbound, bool anew);
void registration_stop(struct line *line);
void registration_aim(struct line *line, unsigned server);

#endif
