/**
 * @file save.c  Writes the changes to Baresip's files
 *
 * The files are kept as Baresip has read them. If somebody else has changed
 * one since, it is not overwritten before the user has seen that.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "changes.h"
#include "compat.h"
#include "line.h"
#include "plan.h"
#include "save.h"


static struct plan_file filev[PLAN_FILES] = {
	{ .name = "accounts" }, { .name = "config" },
};
static struct conf *conf;        /**< That Baresip read, referenced      */


/** Files that are being written */
struct job {
	struct plan planv[PLAN_FILES];
	pthread_t thread;
	bool running;                /**< The thread must be joined          */
	struct mqueue *mq;           /**< Reports the thread's end           */
	struct tmr tmr;              /**< Frees this, outside its handlers   */
	int err;
	save_h *h;                   /**< Gets the result, or NULL           */
	void *arg;
};

static struct job *job;


/* Keep the file as it is on the disk */
static void keep(struct plan_file *file)
{
	char reason[STORE_REASON];

	store_reset(&file->read);
	(void)plan_read(&file->read, file->name, reason);
}


/* Keep the text that was shown or written, even if the file has changed
   since */
static void keep_text(struct plan_file *file, const char *text, size_t len)
{
	char *data = malloc(len + 1);

	free(file->read.data);

	file->read.data = data;
	file->read.len  = data ? len : 0;

	if (data && len)
		memcpy(data, text, len);
}


/** Keep the files as they are now: Baresip reads them at this moment */
void save_open(void)
{
	conf = mem_ref(conf_cur());

	for (size_t i = 0; i < PLAN_FILES; i++)
		keep(&filev[i]);
}


/** Keep the config file again if Baresip has read it again */
void save_reread(void)
{
	if (conf_cur() == conf)
		return;

	mem_deref(conf);
	conf = mem_ref(conf_cur());
	keep(&filev[PLAN_CONFIG]);
}


/** Release the files; waits until a write has ended */
void save_close(void)
{
	job  = mem_deref(job);
	conf = mem_deref(conf);

	for (size_t i = 0; i < PLAN_FILES; i++)
		store_reset(&filev[i].read);
}


/**
 * Print what save_write() would write, without passwords
 *
 * @param pf   Print function
 * @param line Line; NULL: all accounts and the config file
 *
 * @return 0 if success, otherwise errorcode
 */
int save_print_diff(struct re_printf *pf, const struct line *line)
{
	struct plan planv[PLAN_FILES];
	int err;

	err = plan_all(planv, filev, line);

	for (size_t i = 0; i < PLAN_FILES; i++) {

		if (planv[i].err) {
			err = planv[i].err;
			(void)plan_print_refusal(pf, &planv[i]);
		}
		else {
			(void)plan_print_diff(pf, &planv[i]);
		}
	}

	plan_reset(planv);

	return err;
}


/* The user has now seen the other changes, and may write */
static int print_stale(struct re_printf *pf, struct plan *plan)
{
	int err;

	err  = re_hprintf(pf, "failover: %s: nothing is written: it has"
			  " changed on the disk since Baresip read it."
			  " failover_save once more writes this:\n",
			  plan->file->name);
	err |= plan_print_diff(pf, plan);

	keep_text(plan->file, plan->now.data, plan->now.len);

	return err;
}


/* Is there a reason to write none of the files? */
static int refused(struct re_printf *pf, struct plan *planv)
{
	int err = 0;

	for (size_t i = 0; i < PLAN_FILES; i++) {

		if (planv[i].err) {
			err = planv[i].err;
			(void)plan_print_refusal(pf, &planv[i]);
		}
		else if (plan_is_stale(&planv[i])) {
			err = ESTALE;
			(void)print_stale(pf, &planv[i]);
		}
	}

	return err;
}


static int finish_file(struct re_printf *pf, struct plan *plan)
{
	const char *path = plan->now.path;
	int err;

	for (size_t i = 0; i < plan->changec; i++)
		plan->changev[i]->saved = true;

	if (plan_is_as_before(plan))
		return re_hprintf(pf, "%s has these values already\n", path);

	keep_text(plan->file, (const char *)plan->mb->buf, plan->mb->end);

	info("failover: %s written\n", path);

	err  = re_hprintf(pf, "wrote %s\n", path);
	err |= plan_print_diff(pf, plan);

	return err;
}


/* Print what was written, and mark it as saved */
static int finish(struct re_printf *pf, struct plan *planv)
{
	int err = 0;

	if (!planv[PLAN_ACCOUNTS].mb && !planv[PLAN_CONFIG].mb)
		return re_hprintf(pf, "failover: nothing was changed\n");

	for (size_t i = 0; i < PLAN_FILES && !err; i++) {

		struct plan *plan = &planv[i];

		if (!plan->mb)
			continue;

		err = plan->err;
		if (err)
			(void)re_hprintf(pf, "failover: %s: nothing is"
					 " written: %s\n", plan->file->name,
					 plan->failed);
		else
			err = finish_file(pf, plan);
	}

	return err;
}


/* Make the plan, or print why not */
static int begin(struct re_printf *pf, struct plan *planv,
		 const struct line *line)
{
	int err;

	memset(planv, 0, PLAN_FILES * sizeof(*planv));

	if (job) {
		(void)re_hprintf(pf, "failover: the files are being"
				 " written\n");
		return EBUSY;
	}

	err = plan_all(planv, filev, line);

	return err ? err : refused(pf, planv);
}


/**
 * Write the changes, and print what was written. Waits for the disk.
 *
 * @param pf   Print function
 * @param line Line; NULL: all accounts and the config file
 *
 * @return 0 if success; ESTALE if a file has changed since Baresip read it;
 *         otherwise errorcode. A file that could not be written is unchanged.
 */
int save_write(struct re_printf *pf, const struct line *line)
{
	struct plan planv[PLAN_FILES];
	int err;

	err = begin(pf, planv, line);
	if (!err) {
		plan_write(planv);
		err = finish(pf, planv);
	}

	plan_reset(planv);

	return err;
}


static void job_destructor(void *arg)
{
	struct job *j = arg;

	if (j->running)
		(void)pthread_join(j->thread, NULL);

	tmr_cancel(&j->tmr);
	mem_deref(j->mq);
	plan_reset(j->planv);
}


static void release_handler(void *arg)
{
	(void)arg;
	job = mem_deref(job);
}


/* After an error re_sdprintf() returns no text */
static int print_finish(struct re_printf *pf, struct job *j)
{
	j->err = finish(pf, j->planv);

	return 0;
}


static void written_handler(int id, void *data, void *arg)
{
	struct job *j = arg;
	char *text = NULL;
	int err;
	(void)id;
	(void)data;

	(void)pthread_join(j->thread, NULL);
	j->running = false;

	err = re_sdprintf(&text, "%H", print_finish, j);
	if (j->h)
		j->h(err ? err : j->err, text ? text : "", j->arg);
	mem_deref(text);

	tmr_start(&j->tmr, 0, release_handler, NULL);
}


static void *write_thread(void *arg)
{
	struct job *j = arg;

	plan_write(j->planv);
	(void)mqueue_push(j->mq, 0, NULL);

	return NULL;
}


/**
 * Write the changes without waiting for the disk
 *
 * @param pf   Print function, for the reason of a refusal
 * @param line Line; NULL: all accounts and the config file
 * @param h    Called when the files are written, or could not be
 * @param arg  Handler argument
 *
 * @return 0 if the handler will be called; EBUSY if a write is under way;
 *         otherwise as save_write()
 */
int save_start(struct re_printf *pf, const struct line *line, save_h *h,
	       void *arg)
{
	struct job *j;
	int err;

	j = mem_zalloc(sizeof(*j), job_destructor);
	if (!j)
		return ENOMEM;

	tmr_init(&j->tmr);
	j->h   = h;
	j->arg = arg;

	err = begin(pf, j->planv, line);
	if (!err)
		err = mqueue_alloc(&j->mq, written_handler, j);
	if (!err)
		err = pthread_create(&j->thread, NULL, write_thread, j);

	if (err) {
		mem_deref(j);
	}
	else {
		j->running = true;
		job = j;
	}

	return err;
}


/**
 * Do not call the handler any more; the write goes on
 *
 * @param arg Handler argument
 */
void save_forget(const void *arg)
{
	if (job && job->arg == arg)
		job->h = NULL;
}
