/**
 * @file parts.h  Long answers, account by account
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_PARTS_H
#define FAILOVER_PARTS_H

#include "api.h"

void parts_status(const struct api_request *req);
void parts_metrics(const struct api_request *req);

#endif
