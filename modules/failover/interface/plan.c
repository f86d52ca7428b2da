/**
 * @file plan.c  The changes to write to Baresip's files
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "changes.h"
#include "compat.h"
#include "diff.h"
#include "line.h"
#include "plan.h"
#include "rewrite.h"


enum {
	PATH_SIZE = 512,
};


/**
 * Read a file of Baresip's configuration
 *
 * @param st     Returns the file, to be released with store_reset()
 * @param name   Its name
 * @param reason Returns why it cannot be read, STORE_REASON bytes
 *
 * @return 0 if success, otherwise errorcode
 */
int plan_read(struct store *st, const char *name, char *reason)
{
	char folder[PATH_SIZE], path[PATH_SIZE];

	if (conf_path_get(folder, sizeof(folder)) ||
	    re_snprintf(path, sizeof(path), "%s/%s", folder, name) < 0) {
		str_ncpy(reason, "its path is not known", STORE_REASON);
		return ENOENT;
	}

	return store_read(st, path, reason);
}


static bool is_due(const struct changed *chg, const char *aor)
{
	if (chg->saved)
		return false;

	return aor ? chg->aor && !strcmp(chg->aor, aor) : !chg->aor;
}


/* Collect the changes of an account, or of the config file */
static size_t collect(struct plan *plan, struct rewrite_change *v,
		      const char *aor)
{
	struct le *le;
	size_t n = 0;

	for (le = list_head(changes_list()); le; le = le->next) {

		struct changed *chg = le->data;

		if (!is_due(chg, aor))
			continue;

		v[n].key   = chg->key;
		v[n++].val = chg->val;
		plan->changev[plan->changec++] = mem_ref(chg);
	}

	return n;
}


/* Which of the lines with its address belongs to the account? */
static struct rewrite_line which(const struct line *line)
{
	struct rewrite_line rl = { .aor = line_aor(line) };
	struct le *le;

	for (le = list_head(uag_list()); le; le = le->next) {

		if (strcmp(account_aor(ua_account(le->data)), rl.aor))
			continue;

		if (le->data == line->ua)
			rl.nth = rl.count;

		++rl.count;
	}

	return rl;
}


static int read_now(struct plan *plan)
{
	char reason[STORE_REASON];
	int err;

	err = plan_read(&plan->now, plan->file->name, reason);
	if (err)
		(void)str_dup(&plan->reason, reason);

	return err;
}


static void plan_accounts(struct plan *plan, const struct line *only,
			  struct rewrite_change *changev,
			  struct rewrite_line *linev)
{
	struct le *le;
	struct pl text;
	size_t n = 0;

	for (le = list_head(line_list()); le; le = le->next) {

		struct line *line = le->data;
		size_t changec;

		if (only && strcmp(line_aor(line), line_aor(only)))
			continue;

		changec = collect(plan, changev, line_aor(line));
		if (!changec)
			continue;

		linev[n] = which(line);
		linev[n].changev   = changev;
		linev[n++].changec = changec;
		changev += changec;
	}

	if (!n)
		return;

	plan->err = read_now(plan);
	if (plan->err)
		return;

	text.p = plan->now.data;
	text.l = plan->now.len;
	plan->err = rewrite_accounts(&plan->mb, &text, linev, n,
				     COMPAT_ACCOUNT_SIZE - 1, &plan->reason);
}


static void plan_config(struct plan *plan, struct rewrite_change *changev)
{
	const size_t n = collect(plan, changev, NULL);
	struct pl text;

	if (!n)
		return;

	plan->err = read_now(plan);
	if (plan->err)
		return;

	text.p = plan->now.data;
	text.l = plan->now.len;
	plan->err = rewrite_config(&plan->mb, &text, changev, n,
				   &plan->reason);
}


/* If two accounts have one address, its changes count twice */
static size_t max_changes(void)
{
	struct le *le, *l;
	size_t n = 1;

	for (le = list_head(changes_list()); le; le = le->next) {

		const struct changed *chg = le->data;

		n += !chg->aor;

		for (l = list_head(line_list()); chg->aor && l; l = l->next)
			n += !strcmp(chg->aor, line_aor(l->data));
	}

	return n;
}


/**
 * Plan the changes of the files
 *
 * @param planv Returns a plan for each file, to be released with plan_reset()
 * @param filev Files
 * @param line  Line whose changes are written; NULL: all, and the config file
 *
 * @return 0 if success, otherwise errorcode. The plan of a file holds the
 *         reason of a refusal.
 */
int plan_all(struct plan *planv, struct plan_file *filev,
	     const struct line *line)
{
	const size_t max = max_changes();
	struct rewrite_change *changev;
	struct rewrite_line *linev;
	int err = 0;

	memset(planv, 0, PLAN_FILES * sizeof(*planv));

	for (size_t i = 0; i < PLAN_FILES; i++) {

		planv[i].file    = &filev[i];
		planv[i].changev = mem_zalloc(max * sizeof(struct changed *),
					      NULL);
		if (!planv[i].changev)
			return ENOMEM;
	}

	changev = mem_zalloc(max * sizeof(*changev), NULL);
	linev   = mem_zalloc(max * sizeof(*linev), NULL);
	if (!changev || !linev) {
		err = ENOMEM;
		goto out;
	}

	plan_accounts(&planv[PLAN_ACCOUNTS], line, changev, linev);
	if (!line)
		plan_config(&planv[PLAN_CONFIG], changev);

 out:
	mem_deref(changev);
	mem_deref(linev);

	return err;
}


/**
 * Print why nothing can be written
 *
 * @param pf   Print function
 * @param plan Plan of a file
 *
 * @return 0 if success, otherwise errorcode
 */
int plan_print_refusal(struct re_printf *pf, const struct plan *plan)
{
	return re_hprintf(pf, "failover: %s: nothing is written: %s\n",
			  plan->file->name, plan->reason ? plan->reason :
			  strerror(plan->err));
}


/**
 * Print the planned changes, as a unified diff without passwords
 *
 * @param pf   Print function
 * @param plan Plan of a file
 *
 * @return 0 if success, otherwise errorcode
 */
int plan_print_diff(struct re_printf *pf, const struct plan *plan)
{
	struct diff diff = { .name = plan->file->name };

	if (!plan->mb)
		return 0;

	diff.was.p = plan->now.data;
	diff.was.l = plan->now.len;
	diff.is.p  = (const char *)plan->mb->buf;
	diff.is.l  = plan->mb->end;

	return diff_print(pf, &diff);
}


/**
 * Has somebody else changed the file since Baresip read it?
 *
 * @param plan Plan of a file
 *
 * @return True if the change would overwrite that
 */
bool plan_is_stale(const struct plan *plan)
{
	const struct store *read = &plan->file->read;

	return plan->mb && (!read->data || read->len != plan->now.len ||
			    memcmp(read->data, plan->now.data, read->len));
}


/**
 * Does the file already have these values?
 *
 * @param plan Plan of a file, with a change
 *
 * @return True if nothing has to be written
 */
bool plan_is_as_before(const struct plan *plan)
{
	return plan->mb->end == plan->now.len &&
		!memcmp(plan->mb->buf, plan->now.data, plan->now.len);
}


/**
 * Write the files. May be called from another thread. If the first one cannot
 * be written, the second one is not written.
 *
 * @param planv Plans; return the results
 */
void plan_write(struct plan *planv)
{
	for (size_t i = 0; i < PLAN_FILES; i++) {

		struct plan *plan = &planv[i];

		if (!plan->mb || plan_is_as_before(plan))
			continue;

		plan->err = store_write(&plan->now,
					(const char *)plan->mb->buf,
					plan->mb->end, plan->failed);
		if (plan->err)
			break;
	}
}


/**
 * Release the plans
 *
 * @param planv Plans
 */
void plan_reset(struct plan *planv)
{
	for (size_t i = 0; i < PLAN_FILES; i++) {

		struct plan *plan = &planv[i];

		while (plan->changec)
			mem_deref(plan->changev[--plan->changec]);

		store_reset(&plan->now);
		mem_deref(plan->changev);
		mem_deref(plan->mb);
		mem_deref(plan->reason);
	}
}
