/**
 * @file nameserver.c  The name servers that Baresip uses
 *
 * libre's DNS client does not give out its list.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "compat.h"
#include "nameserver.h"


struct list_of {
	struct sa *v;
	uint32_t n;
	uint32_t max;
};


static int conf_handler(const struct pl *val, void *arg)
{
	struct list_of *list = arg;

	if (list->n < list->max &&
	    !sa_decode(&list->v[list->n], val->p, val->l))
		++list->n;

	return 0;
}


/**
 * List the name servers that Baresip uses: those of its config file, or else
 * those of the system; then its fallback servers
 *
 * @param v   Returns their addresses
 * @param max Room in `v`
 *
 * @return Number of them
 */
uint32_t nameserver_list(struct sa *v, uint32_t max)
{
	struct list_of list = { .v = v, .max = max };

	(void)conf_apply(conf_cur(), "dns_server", conf_handler, &list);

	if (!list.n) {
		list.n = max;
		if (dns_srv_get(NULL, 0, v, &list.n))
			list.n = 0;
	}

	(void)conf_apply(conf_cur(), "dns_fallback", conf_handler, &list);

	return list.n;
}
