/**
 * @file secret.h  Hides passwords in the text of Baresip's files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_SECRET_H
#define FAILOVER_SECRET_H

#include <re.h>

int secret_hide(struct mbuf **mbp, const struct pl *text);

#endif
