/**
 * @file binding.c  Is the account bound where it is registered?
 *
 * It is for sure if the REGISTER that made the binding was sent after the last
 * de-registration of ours had ended. docs/libre.md tells why that needs an
 * answer.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "policy_parts.h"


/**
 * The binding was made by a REGISTER sent after these de-registrations
 *
 * @param p      Policy
 * @param deregs De-registrations that had ended by then
 */
void binding_outlived(struct policy *p, unsigned deregs)
{
	if (deregs > p->deregs_bound)
		p->deregs_bound = deregs;
}


/**
 * Have the binding renewed unless it is known to stand
 *
 * @param p Policy
 * @param d Decision
 */
void binding_renew_if_due(struct policy *p, struct decision *d)
{
	if (p->state != POLICY_SETTLED || p->renewing ||
	    p->deregs_bound == p->deregs ||
	    !policy_server(p, p->target)->registered)
		return;

	p->renewing = true;
	d->renew    = true;
}


/**
 * Something may have ended the binding
 *
 * @param p Policy
 * @param d Decision
 */
void binding_renew(struct policy *p, struct decision *d)
{
	++p->deregs;
	binding_renew_if_due(p, d);
}


/**
 * A de-registration of ours has ended: a server has taken it, or it got no
 * answer, and then a server may have taken it all the same. Servers that
 * share their location table may have dropped the binding in use.
 *
 * @param p Policy
 * @param d Decision
 */
void binding_deregistered(struct policy *p, struct decision *d)
{
	binding_renew(p, d);
	standby_deregistered(p);
}


/**
 * The renewal of the binding has ended
 *
 * @param p      Policy
 * @param ok     True if the server has taken it
 * @param deregs Value of p->deregs when the renewal was sent
 * @param d      Decision
 */
void binding_renewed(struct policy *p, bool ok, unsigned deregs,
		     struct decision *d)
{
	p->renewing = false;

	if (ok)
		binding_outlived(p, deregs);
	else if (deregs == p->deregs)
		return;

	binding_renew_if_due(p, d);
}
