/**
 * @file verify.h  Certificates that libre does not verify
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_VERIFY_H
#define FAILOVER_VERIFY_H

#include <stdbool.h>

struct ssl_st;

bool verify_is_wanted(void);
void verify_server(struct ssl_st *ssl);
void verify_identity(struct ssl_st *ssl);

#endif
