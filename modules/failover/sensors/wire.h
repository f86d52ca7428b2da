/**
 * @file wire.h  What goes over it for our accounts, as the trace shows it
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_WIRE_H
#define FAILOVER_WIRE_H

int  wire_open(void);
void wire_close(void);

#endif
