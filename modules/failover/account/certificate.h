/**
 * @file certificate.h  Why a TLS connection failed
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CERTIFICATE_H
#define FAILOVER_CERTIFICATE_H

#include <stdbool.h>

int  certificate_open(void);
void certificate_close(void);
bool certificate_is_blind(void);
const char *certificate_reason(const char *text);

#endif
