/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bringing a file of an archive to a place outside.
 */
#include "wal/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/codec.h"
#include "data/walhead.h"
#include "data/walhistory.h"
#include "wal/prove.h"

#define ZEROS 65536

static status
failed(const char *doing, const char *path)
{
	log_error("could not %s \"%s\": %s", doing, path, strerror(errno));
	return STATUS_FAIL;
}

char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

status
sync_directory_of(const char *path)
{
	char *directory CLEANUP_FREE = directory_of(path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status s = STATUS_OK;

	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		s = failed("fsync", directory);
	if (fd >= 0)
		(void)close(fd);
	return s;
}

static void
free_reader(struct codec_reader **r)
{
	codec_reader_free(*r);
}

static status
unsound(const struct archive_file *f, const char *why)
{
	log_error("\"%s\" is broken: %s", f->path, why);
	return STATUS_USAGE;
}

/* --- segments ---------------------------------------------------------------------- */

static status
fill(const struct archive_file *f, int fd, uint64_t have, uint64_t size,
    const char *path)
{
	static const char zeros[ZEROS];
	status s = STATUS_OK;

	if (size == 0)
		return unsound(f, "nothing says how large it should be");
	while (s == STATUS_OK && have < size) {
		size_t n = size - have < ZEROS ? (size_t)(size - have) : ZEROS;

		s = io_write(fd, zeros, n, path);
		have += n;
	}
	return s;
}

/*
 * Its WAL ends within it.  The server will take that for the end of all, and
 * open: so it must be the last one.
 */
static status
check_last(const struct archive *a, const struct archive_file *f,
    const char *name, uint64_t ends)
{
	char next[WAL_NAME], lsn[WAL_LSN], why[128];
	bool there;
	status s;

	if (!archive_name_after(a, name, 1, next))
		return STATUS_OK;
	s = archive_has_segment(a, next, &there);
	if (s != STATUS_OK || !there)
		return s;
	wal_lsn_show(lsn, ends);
	(void)snprintf(why, sizeof(why),
	    "its WAL ends at %s, though %s follows", lsn, next);
	return unsound(f, why);
}

static status
copy_segment(const struct archive *a, const struct archive_file *f,
    const char *name, int fd, const char *path, bool ahead)
{
	struct codec_reader *r CLEANUP(free_reader) =
	    codec_reader_new(f->fd, f->path);
	struct proof *proof CLEANUP(proof_cleanup) = proof_new(a);
	struct str why CLEANUP(str_free) = STR_INIT;
	bool partial = wal_file_kind(name) == WAL_PARTIAL;
	uint64_t have = 0, ends;
	const void *bytes;
	size_t n;
	status s;

	proof_begin(proof, name);
	while ((s = codec_read(r, &bytes, &n)) == STATUS_OK && n > 0) {
		proof_add(proof, bytes, n);
		have += n;
		s = io_write(fd, bytes, n, path);
		if (s != STATUS_OK)
			return s;
	}
	if (s != STATUS_OK)
		return s;
	if (!proof_end(proof, partial, &ends, &why))
		return unsound(f, str_text(&why));
	if (partial)
		return fill(f, fd, have, a->segment_size, path);
	if (ends == 0)
		return STATUS_OK;
	return ahead ? STATUS_NO : check_last(a, f, name, ends);
}

/* --- the others --------------------------------------------------------------------- */

static status
copy_text(const struct archive_file *f, const char *name, int fd,
    const char *path)
{
	struct wal_history h CLEANUP(wal_history_free) = WAL_HISTORY_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = archive_text(f, &text);

	if (s != STATUS_OK)
		return s;
	/* Half a history leads a server to another timeline. */
	if (wal_file_kind(name) == WAL_HISTORY &&
	    !wal_history_parse(str_text(&text), text.len,
		wal_name_timeline(name), &h))
		return unsound(f, "it is no history of a timeline");
	return io_write(fd, str_text(&text), text.len, path);
}

static status
copy(const struct archive *a, const struct archive_file *f, const char *name,
    int fd, const char *path, bool ahead)
{
	enum wal_file kind = wal_file_kind(name);
	status s = kind == WAL_SEGMENT || kind == WAL_PARTIAL
	    ? copy_segment(a, f, name, fd, path, ahead)
	    : copy_text(f, name, fd, path);

	if (s == STATUS_OK && fsync(fd) != 0)
		s = failed("fsync", path);
	if (close(fd) != 0 && errno != EINTR && s == STATUS_OK)
		s = failed("write", path);
	return s;
}

status
deliver(const struct archive *a, const struct archive_file *f, const char *name,
    const char *path, bool ahead)
{
	char *temp CLEANUP_FREE = mem_printf("%s.part", path);
	status s;
	int fd;

	(void)unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("create", temp);
	s = copy(a, f, name, fd, temp, ahead);
	if (s == STATUS_OK && rename(temp, path) != 0)
		s = failed("rename", temp);
	if (s != STATUS_OK) {
		(void)unlink(temp);
		return s;
	}
	return sync_directory_of(path);
}
