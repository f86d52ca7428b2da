/**
 * @file verify.h  Certificates that libre does not verify
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_VERIFY_H
#define FAILOVER_VERIFY_H

struct ssl_st;

void verify_server(struct ssl_st *ssl);

#endif
