/**
 * @file version.h  Is this the Baresip that the module was built for?
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_VERSION_H
#define FAILOVER_VERSION_H

int version_check(void);

#endif
