/**
 * @file command.h  The commands of the user
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_COMMAND_H
#define FAILOVER_COMMAND_H

int  command_open(void);
void command_close(void);

#endif
