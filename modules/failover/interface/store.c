/**
 * @file store.c  Reads a file and writes it back safely
 *
 * The new text is written beside the file, flushed to the disk and renamed
 * into place. After a crash or on a full disk there is the old file or the new
 * one. The changes of another program are not overwritten.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "store.h"


/** A file that is being written */
struct writer {
	int fd;                      /**< The file, locked                   */
	int dir;                     /**< Its folder                         */
	int tmp;                     /**< The new file beside it             */
	const char *name;            /**< Name of the file in its folder     */
	char tmp_name[256];          /**< Name of the new file               */
	struct stat was;             /**< The file when it was opened        */
};

static const char ACL[] = "system.posix_acl_access";


/* Store the reason, and return the error */
static int refuse(char *reason, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reason, STORE_REASON, fmt, ap);
	va_end(ap);

	return err;
}


static int read_all(char **datap, size_t *lenp, int fd, char *reason)
{
	char *data = malloc(STORE_MAX + 1);
	size_t len = 0;
	ssize_t n;

	if (!data)
		return refuse(reason, ENOMEM, "no memory");

	do {
		n = pread(fd, data + len, STORE_MAX + 1 - len, (off_t)len);
		if (n > 0)
			len += (size_t)n;

	} while (n > 0 || (n < 0 && errno == EINTR));

	if (n < 0 || len > STORE_MAX) {
		const int err = n < 0 ? errno : EFBIG;

		free(data);
		return refuse(reason, err, "it cannot be read: %s",
			      strerror(err));
	}

	*datap = data;
	*lenp  = len;

	return 0;
}


/**
 * Read a file
 *
 * @param st     Returns the file, to be released with store_reset()
 * @param path   Path of the file; symbolic links are followed
 * @param reason Returns why it cannot be read, STORE_REASON bytes
 *
 * @return 0 if success, otherwise errorcode
 */
int store_read(struct store *st, const char *path, char *reason)
{
	struct stat s;
	int fd, err;

	memset(st, 0, sizeof(*st));

	/* do not wait for a pipe */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err = errno;
		return refuse(reason, err, "it cannot be read: %s",
			      strerror(err));
	}

	if (fstat(fd, &s) || !S_ISREG(s.st_mode)) {
		err = refuse(reason, EINVAL, "it is not a regular file");
		goto out;
	}

	err = read_all(&st->data, &st->len, fd, reason);
	if (err)
		goto out;

	st->path = realpath(path, NULL);
	if (!st->path) {
		err = errno;
		(void)refuse(reason, err, "it cannot be found: %s",
			     strerror(err));
	}

 out:
	(void)close(fd);
	if (err)
		store_reset(st);

	return err;
}


/**
 * Free what a file holds
 *
 * @param st File
 */
void store_reset(struct store *st)
{
	free(st->path);
	free(st->data);
	memset(st, 0, sizeof(*st));
}


static int open_folder(struct writer *w, const struct store *st, char *reason)
{
	const char *slash = strrchr(st->path, '/');
	char *folder;
	int n, err = 0;

	w->name = slash + 1;

	n = snprintf(w->tmp_name, sizeof(w->tmp_name), ".%s.failover",
		     w->name);
	if (n >= (int)sizeof(w->tmp_name))
		return refuse(reason, ENAMETOOLONG, "its name is too long");

	folder = strndup(st->path, (size_t)(slash - st->path) + 1);
	if (!folder)
		return refuse(reason, ENOMEM, "no memory");

	w->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir < 0) {
		err = errno;
		(void)refuse(reason, err, "its folder cannot be read: %s",
			     strerror(err));
	}
	free(folder);

	return err;
}


/* Is the path still the file that was opened, and unchanged? */
static int is_in_place(const struct writer *w, char *reason)
{
	struct stat s;

	if (fstatat(w->dir, w->name, &s, AT_SYMLINK_NOFOLLOW) ||
	    s.st_dev != w->was.st_dev || s.st_ino != w->was.st_ino ||
	    s.st_size != w->was.st_size ||
	    s.st_mtim.tv_sec != w->was.st_mtim.tv_sec ||
	    s.st_mtim.tv_nsec != w->was.st_mtim.tv_nsec)
		return refuse(reason, ESTALE, "it has changed since it was"
			      " read");

	return 0;
}


static int is_unchanged(const struct writer *w, const struct store *st,
			char *reason)
{
	char *data = NULL;
	size_t len = 0;
	int err;

	err = read_all(&data, &len, w->fd, reason);
	if (err || !data)
		return err;

	if (len != st->len || memcmp(data, st->data, len))
		err = refuse(reason, ESTALE, "it has changed since it was"
			     " read");
	free(data);

	return err ? err : is_in_place(w, reason);
}


/* Open for writing, to find out whether we may write the file */
static int open_file(struct writer *w, const struct store *st, char *reason)
{
	int err;

	w->fd = openat(w->dir, w->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC |
		       O_NONBLOCK | O_NOCTTY);
	if (w->fd < 0) {
		err = errno == ELOOP || errno == ENOENT ? ESTALE : errno;
		return refuse(reason, err, err == ESTALE ? "it has changed"
			      " since it was read" : "it cannot be written:"
			      " %s", strerror(err));
	}

	if (flock(w->fd, LOCK_EX | LOCK_NB)) {
		err = errno;
		return refuse(reason, err, err == EWOULDBLOCK ? "another"
			      " program has it locked" : "it cannot be locked:"
			      " %s", strerror(err));
	}

	if (fstat(w->fd, &w->was) || !S_ISREG(w->was.st_mode))
		return refuse(reason, EINVAL, "it is not a regular file");

	if (w->was.st_nlink > 1)
		return refuse(reason, EMLINK, "it has another name as well,"
			      " which would keep the old text");

	return is_unchanged(w, st, reason);
}


/* We have the lock, so an existing new file is from a process that was
   killed. */
static int open_new(struct writer *w, char *reason)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int err;

	w->tmp = openat(w->dir, w->tmp_name, flags, 0600);

	if (w->tmp < 0 && errno == EEXIST &&
	    !unlinkat(w->dir, w->tmp_name, 0))
		w->tmp = openat(w->dir, w->tmp_name, flags, 0600);

	if (w->tmp >= 0)
		return 0;

	err = errno;

	return refuse(reason, err, "nothing can be written beside it: %s",
		      strerror(err));
}


/* Keep owner, mode and access list, since the file has passwords */
static int keep_access(const struct writer *w, char *reason)
{
	char acl[4096];
	struct stat s;
	ssize_t n;

	if (fstat(w->tmp, &s))
		return refuse(reason, errno, "%s", strerror(errno));

	if ((s.st_uid != w->was.st_uid || s.st_gid != w->was.st_gid) &&
	    fchown(w->tmp, w->was.st_uid, w->was.st_gid))
		return refuse(reason, errno, "its owner cannot be kept: %s",
			      strerror(errno));

	if (fchmod(w->tmp, w->was.st_mode & 07777))
		return refuse(reason, errno, "its mode cannot be kept: %s",
			      strerror(errno));

	n = fgetxattr(w->fd, ACL, acl, sizeof(acl));
	if (n < 0 ? errno == ERANGE :
	    n > 0 && fsetxattr(w->tmp, ACL, acl, (size_t)n, 0))
		return refuse(reason, errno, "its access list cannot be kept:"
			      " %s", strerror(errno));

	return 0;
}


static int write_all(const struct writer *w, const char *data, size_t len,
		     char *reason)
{
	while (len) {

		const ssize_t n = write(w->tmp, data, len);

		if (n < 0 && errno != EINTR)
			return refuse(reason, errno, "it cannot be written:"
				      " %s", strerror(errno));
		if (n > 0) {
			data += n;
			len  -= (size_t)n;
		}
	}

	return 0;
}


static int write_new(struct writer *w, const char *data, size_t len,
		     char *reason)
{
	int err;

	err = write_all(w, data, len, reason);
	if (!err)
		err = keep_access(w, reason);
	if (!err && fsync(w->tmp))
		err = refuse(reason, errno, "it cannot be brought to the disk:"
			     " %s", strerror(errno));

	/* some file systems report a full disk only now */
	if (close(w->tmp) && !err)
		err = refuse(reason, errno, "it cannot be written: %s",
			     strerror(errno));

	if (!err)
		err = is_in_place(w, reason);
	if (!err && renameat(w->dir, w->tmp_name, w->dir, w->name))
		err = refuse(reason, errno, "it cannot be replaced: %s",
			     strerror(errno));
	if (err)
		(void)unlinkat(w->dir, w->tmp_name, 0);

	return err;
}


/**
 * Write a file that was read earlier
 *
 * @param st     File as it was read; not changed
 * @param data   New text
 * @param len    Its length
 * @param reason Returns why it is not written, STORE_REASON bytes
 *
 * @return 0 if success; ESTALE if the file has changed since it was read,
 *         otherwise errorcode. After an error the old file is in place.
 */
int store_write(const struct store *st, const char *data, size_t len,
		char *reason)
{
	struct writer w = { .fd = -1, .dir = -1, .tmp = -1 };
	int err;

	if (len > STORE_MAX)
		return refuse(reason, EFBIG, "it would be too large");

	err = open_folder(&w, st, reason);
	if (err)
		return err;

	err = open_file(&w, st, reason);
	if (!err)
		err = open_new(&w, reason);
	if (!err)
		err = write_new(&w, data, len, reason);

	/* this lets the new name survive a power cut; the file is in place
	   anyway */
	if (!err)
		(void)fsync(w.dir);

	if (w.fd >= 0)
		(void)close(w.fd);
	(void)close(w.dir);

	return err;
}
