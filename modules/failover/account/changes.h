/**
 * @file changes.h  Values that were changed at run time
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef FAILOVER_CHANGES_H
#define FAILOVER_CHANGES_H

#include <re.h>

/** A value that was changed */
struct changed {
	struct le le;
	char *aor;                   /**< Of the account; NULL: config file  */
	char *key;
	char *val;                   /**< Empty: removed                     */
	bool saved;                  /**< Written to the file                */
};

struct list *changes_list(void);
struct changed *changes_find(const char *aor, const char *key);
int  changes_set(const char *aor, const char *key, const char *val);
void changes_restore(const char *aor, const char *key, struct changed *old);
void changes_forget_saved(const char *aor);
void changes_close(void);

#endif
