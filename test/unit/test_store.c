/**
 * @file test_store.c  A file is written safely, or not at all
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fixture.h"
#include "store.h"


enum {
	KILLS   = 300,
	TEXT    = 200 * 1000,        /**< Long enough to be killed within    */
	NOBODY  = 65534,
	CANNOT  = 77,                /**< Exit status: cannot be tried here  */
};

static char folder[] = "/tmp/failover-store-XXXXXX";


static int setup(void **state)
{
	(void)state;

	strcpy(folder + strlen(folder) - 6, "XXXXXX");

	return !mkdtemp(folder) || chdir(folder);
}


static int teardown(void **state)
{
	(void)state;
	(void)!chdir("/");

	(void)chmod(folder, 0700);

	for (const char *const *p = (const char *const []){ "accounts",
	     ".accounts.failover", "link", "more", "a/real", "a", "small",
	     NULL }; *p; p++) {

		char path[256];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, *p);
		(void)remove(path);
	}

	return rmdir(folder);
}


static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}


static void holds(const char *name, const char *text)
{
	char reason[STORE_REASON];
	struct store st;

	assert_int_equal(store_read(&st, name, reason), 0);
	assert_int_equal(st.len, strlen(text));
	assert_memory_equal(st.data, text, st.len);
	store_reset(&st);
}


static struct store got(const char *name)
{
	char reason[STORE_REASON];
	struct store st;

	assert_int_equal(store_read(&st, name, reason), 0);

	return st;
}


/* Write, and see that who is refused is told why */
static int give(struct store *st, const char *text)
{
	char reason[STORE_REASON] = "";
	int err;

	err = store_write(st, text, strlen(text), reason);
	assert_int_equal(!!*reason, !!err);
	store_reset(st);

	return err;
}


static void nothing_beside(void)
{
	assert_int_equal(access(".accounts.failover", F_OK), -1);
}


static void is_written(void **state)
{
	struct store st;
	struct stat s;
	(void)state;

	put("accounts", "old\n");
	assert_int_equal(chmod("accounts", 0640), 0);

	st = got("accounts");
	assert_int_equal(give(&st, "new text\n"), 0);

	holds("accounts", "new text\n");
	assert_int_equal(stat("accounts", &s), 0);
	assert_int_equal(s.st_mode & 07777, 0640);
	nothing_beside();
}


static void mode_is_kept_whatever_the_umask(void **state)
{
	static const mode_t modev[] = { 0600, 0644, 0666, 0660, 0400 };
	const mode_t old = umask(0);
	struct store st;
	struct stat s;
	(void)state;

	for (size_t i = 0; i < sizeof(modev) / sizeof(modev[0]); i++) {

		(void)remove("accounts");
		put("accounts", "old\n");
		assert_int_equal(chmod("accounts", modev[i]), 0);

		(void)umask(i % 2 ? 0 : 0177);
		st = got("accounts");

		/* read-only is for root alone to write */
		if (modev[i] == 0400 && geteuid())
			assert_int_equal(give(&st, "new\n"), EACCES);
		else
			assert_int_equal(give(&st, "new\n"), 0);

		assert_int_equal(stat("accounts", &s), 0);
		assert_int_equal(s.st_mode & 07777, modev[i]);
	}

	(void)umask(old);
}


static void owner_is_kept(void **state)
{
	struct store st;
	struct stat s;
	(void)state;

	if (geteuid())
		skip();

	put("accounts", "old\n");
	assert_int_equal(chown("accounts", NOBODY, 12345), 0);

	st = got("accounts");
	assert_int_equal(give(&st, "new\n"), 0);

	assert_int_equal(stat("accounts", &s), 0);
	assert_int_equal(s.st_uid, NOBODY);
	assert_int_equal(s.st_gid, 12345);
}


static void symbolic_link_is_followed(void **state)
{
	struct store st;
	struct stat s;
	(void)state;

	assert_int_equal(mkdir("a", 0700), 0);
	put("a/real", "old\n");
	assert_int_equal(symlink("a/real", "link"), 0);

	st = got("link");
	assert_int_equal(give(&st, "new\n"), 0);

	assert_int_equal(lstat("link", &s), 0);
	assert_true(S_ISLNK(s.st_mode));
	holds("a/real", "new\n");
}


static void no_regular_file(void **state)
{
	char reason[STORE_REASON] = "";
	struct store st;
	(void)state;

	assert_int_equal(store_read(&st, "accounts", reason), ENOENT);
	assert_int_equal(store_read(&st, ".", reason), EINVAL);
	assert_int_equal(store_read(&st, "/dev/zero", reason), EINVAL);

	assert_int_equal(mkfifo("accounts", 0600), 0);
	assert_int_equal(store_read(&st, "accounts", reason), EINVAL);
}


static void changed_meanwhile(void **state)
{
	struct store st;
	(void)state;

	put("accounts", "old\n");

	/* other text of the same length, in the same file */
	st = got("accounts");
	put("accounts", "new\n");
	assert_int_equal(give(&st, "ours\n"), ESTALE);
	holds("accounts", "new\n");

	/* another file in its place */
	st = got("accounts");
	put("more", "newer\n");
	assert_int_equal(rename("more", "accounts"), 0);
	assert_int_equal(give(&st, "ours\n"), ESTALE);
	holds("accounts", "newer\n");

	/* none any more */
	st = got("accounts");
	assert_int_equal(remove("accounts"), 0);
	assert_int_equal(give(&st, "ours\n"), ESTALE);
	assert_int_equal(access("accounts", F_OK), -1);

	/* a link */
	put("accounts", "old\n");
	st = got("accounts");
	assert_int_equal(rename("accounts", "more"), 0);
	assert_int_equal(symlink("more", "accounts"), 0);
	assert_int_equal(give(&st, "ours\n"), ESTALE);
	holds("more", "old\n");
	nothing_beside();
}


/* Only looked at, or written with what it had */
static void touched_is_not_changed(void **state)
{
	struct store st;
	(void)state;

	put("accounts", "old\n");
	st = got("accounts");
	put("more", "old\n");
	assert_int_equal(rename("more", "accounts"), 0);
	assert_int_equal(give(&st, "new\n"), 0);
	holds("accounts", "new\n");
}


static void two_names(void **state)
{
	struct store st;
	(void)state;

	put("accounts", "old\n");
	assert_int_equal(link("accounts", "more"), 0);

	st = got("accounts");
	assert_int_equal(give(&st, "new\n"), EMLINK);
	holds("accounts", "old\n");
}


static void locked_by_another(void **state)
{
	struct store st;
	int fd;
	(void)state;

	put("accounts", "old\n");
	st = got("accounts");

	fd = open("accounts", O_RDONLY);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(give(&st, "new\n"), EWOULDBLOCK);
	holds("accounts", "old\n");
	close(fd);
}


static void too_large(void **state)
{
	char reason[STORE_REASON] = "";
	struct store st;
	char *text;
	(void)state;

	text = malloc(STORE_MAX + 2);
	assert_non_null(text);
	memset(text, 'x', STORE_MAX + 1);
	text[STORE_MAX + 1] = '\0';

	put("accounts", "old\n");
	st = got("accounts");
	assert_int_equal(give(&st, text), EFBIG);
	holds("accounts", "old\n");

	put("accounts", text);
	assert_int_equal(store_read(&st, "accounts", reason), EFBIG);

	text[STORE_MAX] = '\0';
	put("accounts", text);
	st = got("accounts");
	assert_int_equal(give(&st, "new\n"), 0);
	free(text);
}


/* In a process of its own, with less power */
static void in_child(int (*h)(void))
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(h());

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));

	if (WEXITSTATUS(status) == CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}


/* Exit status 0 if it is refused for this reason, the file is the old one
   and nothing is beside it */
static int refused_with(int want, const char *text, size_t len)
{
	char reason[STORE_REASON] = "";
	struct store st, after;
	int err;

	if (store_read(&st, "accounts", reason))
		return 1;

	err = store_write(&st, text, len, reason);
	if (err != want || !*reason)
		return 2;

	if (store_read(&after, "accounts", reason) || after.len != st.len ||
	    memcmp(after.data, st.data, st.len))
		return 3;

	return access(".accounts.failover", F_OK) ? 0 : 4;
}


static int become_nobody(void)
{
	if (geteuid())
		return 0;
	if (chown(".", NOBODY, NOBODY) || chown("accounts", NOBODY, NOBODY))
		return CANNOT;

	return setgid(NOBODY) || setuid(NOBODY) ? CANNOT : 0;
}


static int try_read_only_folder(void)
{
	if (chmod(".", 0555) || become_nobody())
		return CANNOT;

	return refused_with(EACCES, "new\n", 4);
}


static void read_only_folder(void **state)
{
	(void)state;

	put("accounts", "old\n");
	in_child(try_read_only_folder);
}


static int try_read_only_file(void)
{
	if (chmod("accounts", 0444) || become_nobody())
		return CANNOT;

	return refused_with(EACCES, "new\n", 4);
}


static void read_only_file(void **state)
{
	(void)state;

	put("accounts", "old\n");
	in_child(try_read_only_file);
}


static int try_other_owner(void)
{
	if (geteuid() || chmod(".", 0777) || chmod("accounts", 0666) ||
	    setgid(NOBODY) || setuid(NOBODY))
		return CANNOT;

	return refused_with(EPERM, "new\n", 4);
}


/* Ours to write, but the new one would be ours alone */
static void file_of_another(void **state)
{
	(void)state;

	put("accounts", "old\n");
	in_child(try_other_owner);
}


/* A small disk that nobody else sees */
static int mount_small(const char *options)
{
	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -1;

	(void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);

	return mkdir("small", 0700) ||
		mount("tmpfs", "small", "tmpfs", 0, options) || chdir("small");
}


static int try_full_disk(void)
{
	static char text[60 * 1000];
	FILE *f;

	if (mount_small("size=64k"))
		return CANNOT;

	f = fopen("accounts", "w");
	if (!f || fwrite(text, 1, 20 * 1000, f) != 20 * 1000 || fclose(f))
		return CANNOT;

	return refused_with(ENOSPC, text, sizeof(text));
}


static void full_disk(void **state)
{
	(void)state;
	in_child(try_full_disk);
}


static int try_read_only_disk(void)
{
	FILE *f;

	if (mount_small("size=64k"))
		return CANNOT;

	f = fopen("accounts", "w");
	if (!f || fputs("old\n", f) < 0 || fclose(f) ||
	    mount("tmpfs", ".", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL))
		return CANNOT;

	return refused_with(EROFS, "new\n", 4);
}


static void read_only_disk(void **state)
{
	(void)state;
	in_child(try_read_only_disk);
}


/* One text or the other, each of one letter, and not the one that is there */
static void write_for_ever(void)
{
	static char text[TEXT];
	char reason[STORE_REASON];
	struct store st;

	while (!store_read(&st, "accounts", reason)) {

		memset(text, st.data[0] == 'a' ? 'b' : 'a', sizeof(text));
		if (store_write(&st, text, sizeof(text), reason))
			_exit(1);
		store_reset(&st);
	}

	_exit(2);
}


static void kill_at(uint32_t delay_us)
{
	const struct timespec ts = { 0, (long)delay_us * 1000 };
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		write_for_ever();

	(void)nanosleep(&ts, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);

	/* it did not give up by itself */
	assert_true(WIFSIGNALED(status));
}


static void killed_at_any_moment(void **state)
{
	unsigned half = 0, old = 0;
	uint32_t span = 20000;       /* about as long as it takes here [us] */
	char before = 'a';
	struct store st;
	struct stat s;
	(void)state;

	put("accounts", "a");
	assert_int_equal(chmod("accounts", 0640), 0);
	srandom(1);

	for (unsigned i = 0; i < KILLS; i++) {

		kill_at((uint32_t)random() % span);

		st = got("accounts");
		assert_true(st.len == TEXT || st.len == 1);
		for (size_t j = 0; j < st.len; j++)
			assert_int_equal(st.data[j], st.data[0]);

		/* half of them before the first text was written, on a fast
		   machine and on a slow one */
		if (st.data[0] == before) {
			++old;
			span = span < 900000 ? span + span / 8 : span;
		}
		else {
			span = span > 100 ? span - span / 8 : span;
		}
		before = st.data[0];
		store_reset(&st);

		assert_int_equal(stat("accounts", &s), 0);
		assert_int_equal(s.st_mode & 07777, 0640);

		half += !access(".accounts.failover", F_OK);
	}

	print_message("%u kills: %u in the middle; old %u, new %u\n", KILLS,
		      half, old, KILLS - old);
	assert_true(half && old && old < KILLS);

	/* and what was left behind is cleared away */
	st = got("accounts");
	assert_int_equal(give(&st, "new\n"), 0);
	nothing_beside();
}


#define STORE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


int main(void)
{
	const struct CMUnitTest testv[] = {
		STORE(is_written),
		STORE(mode_is_kept_whatever_the_umask),
		STORE(owner_is_kept),
		STORE(symbolic_link_is_followed),
		STORE(no_regular_file),
		STORE(changed_meanwhile),
		STORE(touched_is_not_changed),
		STORE(two_names),
		STORE(locked_by_another),
		STORE(too_large),
		STORE(read_only_folder),
		STORE(read_only_file),
		STORE(file_of_another),
		STORE(full_disk),
		STORE(read_only_disk),
		STORE(killed_at_any_moment),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
