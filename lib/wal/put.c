/* SPDX-License-Identifier: PostgreSQL */
/*
 * Writing to an archive.
 *
 * The name that is given to a file last is what makes it one of the archive,
 * so at each moment a kill or a power loss leaves either nothing or all of it.
 * Who gives a name holds its lock, so that one look whether it is taken, in
 * any of its compressed forms, is enough.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "wal/archive.h"

#define PIECE ((size_t)256 * 1024)

static status
failed(const struct archive *a, const char *doing, const char *name)
{
	log_error("could not %s \"%s/%s\": %s", doing, a->path, name,
	    strerror(errno));
	return STATUS_FAIL;
}

/* As the server's own files: for the group, too, if the directory is. */
mode_t
archive_mode(const struct archive *a)
{
	struct stat st;

	return fstat(a->fd, &st) == 0 ? 0600 | (st.st_mode & 0040) : 0600;
}

status
archive_sync(const struct archive *a)
{
	if (fsync(a->fd) == 0 || errno == EINVAL)
		return STATUS_OK;
	log_error("could not fsync the directory \"%s\": %s", a->path,
	    strerror(errno));
	return STATUS_FAIL;
}

/* --- the lock -------------------------------------------------------------------- */

/* Whoever had it has removed the file, perhaps while we waited. */
static bool
still_there(const struct archive *a, const struct archive_lock *lock)
{
	struct stat ours, theirs;

	return fstat(lock->fd, &ours) == 0 &&
	    fstatat(a->fd, lock->name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

status
archive_lock(const struct archive *a, const char *name,
    struct archive_lock *lock)
{
	int got;

	lock->name = mem_printf(".%s.lock", name);
	for (;;) {
		lock->fd = openat(a->fd, lock->name,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (lock->fd < 0)
			break;
		while ((got = flock(lock->fd, LOCK_EX)) != 0 &&
		    errno == EINTR && !signal_abort())
			continue;
		if (got == 0 && still_there(a, lock))
			return STATUS_OK;
		(void)close(lock->fd);
		lock->fd = -1;
		if (got != 0)
			break;
	}
	(void)failed(a, "lock", lock->name);
	free(lock->name);
	lock->name = NULL;
	return STATUS_FAIL;
}

void
archive_unlock(const struct archive *a, struct archive_lock *lock)
{
	if (lock->fd < 0)
		return;
	(void)unlinkat(a->fd, lock->name, 0);
	(void)close(lock->fd);
	free(lock->name);
	lock->fd = -1;
	lock->name = NULL;
}

/* --- a file ---------------------------------------------------------------------- */

static status
write_out(void *arg, const void *bytes, size_t n)
{
	const struct archive_put *put = arg;
	char *shown CLEANUP_FREE = mem_printf("%s/%s", put->a->path, put->temp);

	return io_write(put->fd, bytes, n, shown);
}

status
archive_put_begin(const struct archive *a, const char *name, const char *tag,
    const struct codec_spec *codec, struct archive_put *put)
{
	*put = (struct archive_put){.a = a,
	    .temp = mem_printf(".%s.%s", name, tag),
	    .name = mem_printf("%s%s", name, codec_suffix(codec->codec)),
	    .fd = -1};
	/* Anew rather than over what is there, which a killed one has left. */
	if (unlinkat(a->fd, put->temp, 0) != 0 && errno != ENOENT)
		return failed(a, "remove", put->temp);
	put->fd = openat(a->fd, put->temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, archive_mode(a));
	if (put->fd < 0)
		return failed(a, "create", put->temp);
	put->writer = codec_writer_new(codec, write_out, put);
	return STATUS_OK;
}

status
archive_put_write(struct archive_put *put, const void *bytes, size_t n)
{
	return codec_write(put->writer, bytes, n);
}

static void
let_go(struct archive_put *put)
{
	codec_writer_free(put->writer);
	if (put->fd >= 0)
		(void)close(put->fd);
	free(put->temp);
	free(put->name);
	*put = (struct archive_put){.fd = -1};
}

status
archive_put_commit(struct archive_put *put)
{
	const struct archive *a = put->a;
	status s = codec_writer_end(put->writer);
	int fd = put->fd;

	if (s == STATUS_OK && fsync(fd) != 0)
		s = failed(a, "fsync", put->temp);
	put->fd = -1;
	if (close(fd) != 0 && errno != EINTR && s == STATUS_OK)
		s = failed(a, "write", put->temp);
	if (s == STATUS_OK && renameat(a->fd, put->temp, a->fd, put->name) != 0)
		s = failed(a, "rename", put->temp);
	if (s != STATUS_OK) {
		archive_put_abort(put);
		return s;
	}
	let_go(put);
	return archive_sync(a);
}

void
archive_put_abort(struct archive_put *put)
{
	if (put->temp != NULL)
		(void)unlinkat(put->a->fd, put->temp, 0);
	let_go(put);
}

/* --- whole files ------------------------------------------------------------------- */

static status
copy(struct archive_put *put, int fd, uint64_t size, const char *name)
{
	char *piece CLEANUP_FREE = mem_alloc(PIECE);
	uint64_t at = 0;
	status s = STATUS_OK;

	while (s == STATUS_OK && at < size) {
		size_t want = size - at < PIECE ? (size_t)(size - at) : PIECE;
		ssize_t n = pread(fd, piece, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_error("could not read \"%s\": %s", name,
			    n < 0 ? strerror(errno) : "it became shorter");
			return STATUS_FAIL;
		}
		at += (uint64_t)n;
		s = archive_put_write(put, piece, (size_t)n);
	}
	return s;
}

/* It may be there since a moment before the power went. */
static status
keep(const struct archive *a, const struct archive_file *f)
{
	if (fsync(f->fd) != 0) {
		log_error("could not fsync \"%s\": %s", f->path,
		    strerror(errno));
		return STATUS_FAIL;
	}
	return archive_sync(a);
}

static status
refuse(const struct archive_file *f, const struct str *why)
{
	log_error("\"%s\" is in the archive with another content: %s", f->path,
	    str_text(why));
	log_hint("nothing was replaced; do two servers archive to this place?");
	return STATUS_FAIL;
}

status
archive_has(const struct archive *a, const char *name, int fd, uint64_t size,
    bool *there)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct str why CLEANUP(str_free) = STR_INIT;
	status s = archive_find(a, name, &f);
	bool same;

	*there = f.fd >= 0;
	if (s != STATUS_OK || !*there)
		return s;
	s = archive_agrees(&f, fd, size, name, &same, &why);
	if (s != STATUS_OK)
		return s;
	return same ? keep(a, &f) : refuse(&f, &why);
}

static status
put_locked(const struct archive *a, const char *name, int fd, uint64_t size,
    const struct codec_spec *codec, bool *kept)
{
	struct archive_put put = {.fd = -1};
	status s = archive_has(a, name, fd, size, kept);

	if (s != STATUS_OK || *kept)
		return s;
	s = archive_put_begin(a, name, "tmp", codec, &put);
	if (s == STATUS_OK)
		s = copy(&put, fd, size, name);
	if (s == STATUS_OK)
		s = archive_put_commit(&put);
	archive_put_abort(&put);
	return s;
}

status
archive_put_file(const struct archive *a, const char *name, int fd,
    uint64_t size, const struct codec_spec *codec, bool *kept)
{
	struct archive_lock lock;
	status s = archive_lock(a, name, &lock);

	if (s != STATUS_OK)
		return s;
	s = put_locked(a, name, fd, size, codec, kept);
	archive_unlock(a, &lock);
	return s;
}

static status
text_locked(const struct archive *a, const char *name, const char *text,
    size_t n, bool *kept)
{
	static const struct codec_spec none = {.codec = CODEC_NONE};
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct str there CLEANUP(str_free) = STR_INIT;
	struct str why CLEANUP(str_free) = STR_INIT;
	struct archive_put put = {.fd = -1};
	status s = archive_find(a, name, &f);

	*kept = f.fd >= 0;
	if (s == STATUS_OK && *kept) {
		s = archive_text(&f, &there);
		if (s == STATUS_OK && there.len == n &&
		    memcmp(there.data, text, n) == 0)
			return keep(a, &f);
		str_add(&why, s == STATUS_OK ? "they differ" : "it is broken");
		return refuse(&f, &why);
	}
	if (s == STATUS_OK)
		s = archive_put_begin(a, name, "tmp", &none, &put);
	if (s == STATUS_OK)
		s = archive_put_write(&put, text, n);
	if (s == STATUS_OK)
		s = archive_put_commit(&put);
	archive_put_abort(&put);
	return s;
}

status
archive_put_text(const struct archive *a, const char *name, const char *text,
    size_t n, bool *kept)
{
	struct archive_lock lock;
	status s = archive_lock(a, name, &lock);

	if (s != STATUS_OK)
		return s;
	s = text_locked(a, name, text, n, kept);
	archive_unlock(a, &lock);
	return s;
}
