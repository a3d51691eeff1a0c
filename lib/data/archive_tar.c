/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading tar: raw bytes go through the scanner (archive_scan.h) and then,
 * without being copied, to libarchive.
 */
#include "data/archive_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/archive_scan.h"

#define BUFFER ((size_t)1024 * 1024)

struct tar_reader {
	int fd;
	char *name;
	unsigned char *buffer;
	size_t pos, have; /* what of it was not handed on yet */
	bool eof;
	status failed; /* reported already */
	struct scan scan;
	struct archive *tar;
	uint64_t size, seen; /* of the present member */
};

static status
fail(struct tar_reader *t, const char *problem, const char *hint)
{
	if (t->scan.start == 0 && t->scan.offset <= 512)
		log_error("%s is no copy archive: %s", t->name, problem);
	else
		log_error("%s is no whole copy archive: %s, at byte %llu",
		    t->name, problem, (unsigned long long)t->scan.offset);
	if (hint != NULL)
		log_hint("%s", hint);
	t->failed = STATUS_USAGE;
	return t->failed;
}

/* libarchive said no: because reading failed, or for a reason of its own. */
static status
refused(struct tar_reader *t)
{
	const char *reason = archive_error_string(t->tar);

	if (t->failed != STATUS_OK)
		return t->failed;
	return fail(t, reason == NULL ? "unknown reason" : reason, NULL);
}

/* Have bytes that were not handed on, or find the end of file. */
static status
fill(struct tar_reader *t)
{
	if (t->pos < t->have || t->eof)
		return STATUS_OK;
	t->pos = t->have = 0;
	t->failed = io_read(t->fd, t->buffer, BUFFER, &t->have, t->name);
	t->eof = t->failed == STATUS_OK && t->have == 0;
	return t->failed;
}

/* The next bytes of the present archive; n is 0 at its sound end. */
static status
next_bytes(struct tar_reader *t, const void **bytes, size_t *n)
{
	*bytes = NULL;
	*n = 0;
	if (t->failed != STATUS_OK || t->scan.state == SCAN_DONE)
		return t->failed;
	if (fill(t) != STATUS_OK)
		return t->failed;
	*bytes = t->buffer + t->pos;
	if (t->eof)
		scan_cut(&t->scan);
	else
		*n = scan_take(&t->scan, *bytes, t->have - t->pos);
	if (t->scan.problem != NULL)
		return fail(t, t->scan.problem, t->scan.hint);
	t->pos += *n;
	return STATUS_OK;
}

/* libarchive's read callback. */
static la_ssize_t
get(struct archive *tar, void *arg, const void **bytes)
{
	size_t n;

	(void)tar;
	return next_bytes(arg, bytes, &n) == STATUS_OK ? (la_ssize_t)n : -1;
}

/* Made when the first member is asked for: opening reads. */
static status
open_tar(struct tar_reader *t)
{
	t->tar = archive_read_new();
	if (t->tar == NULL ||
	    archive_read_support_format_tar(t->tar) != ARCHIVE_OK ||
	    archive_read_open(t->tar, t, NULL, get, NULL) != ARCHIVE_OK)
		return refused(t);
	return STATUS_OK;
}

struct tar_reader *
tar_reader_new(int fd, const char *name)
{
	struct tar_reader *t = mem_zalloc(sizeof(*t));

	t->fd = fd;
	t->name = mem_strdup(name);
	t->buffer = mem_alloc(BUFFER);
	scan_init(&t->scan);
	io_pipe_grow(fd);
	return t;
}

void
tar_reader_push(struct tar_reader *t, const void *bytes, size_t n)
{
	if (t->have + n > BUFFER)
		BUG("%zu bytes are too many to push", n);
	memcpy(t->buffer + t->have, bytes, n);
	t->have += n;
}

void
tar_reader_free(struct tar_reader *t)
{
	if (t == NULL)
		return;
	archive_read_free(t->tar);
	free(t->name);
	free(t->buffer);
	free(t);
}

/* libarchive stops at the zero blocks; what is behind them counts too. */
static status
drain(struct tar_reader *t)
{
	const void *bytes;
	size_t n;
	status s;

	do
		s = next_bytes(t, &bytes, &n);
	while (s == STATUS_OK && t->scan.state != SCAN_DONE);
	return s;
}

status
tar_next(struct tar_reader *t, const char **member, uint64_t *size)
{
	struct archive_entry *entry;
	int answer;

	*member = NULL;
	*size = 0;
	if (t->failed != STATUS_OK)
		return t->failed;
	if (t->tar == NULL && open_tar(t) != STATUS_OK)
		return t->failed;
	answer = archive_read_next_header(t->tar, &entry);
	if (answer == ARCHIVE_EOF)
		return drain(t);
	if (answer != ARCHIVE_OK)
		return refused(t);
	*member = archive_entry_pathname(entry);
	if (*member == NULL || archive_entry_filetype(entry) != AE_IFREG ||
	    archive_entry_hardlink(entry) != NULL)
		return fail(t, "it holds a member that is no plain file", NULL);
	t->size = (uint64_t)archive_entry_size(entry);
	t->seen = 0;
	*size = t->size;
	return STATUS_OK;
}

status
tar_data(struct tar_reader *t, const void **bytes, size_t *n)
{
	la_int64_t offset;
	int answer;

	*n = 0;
	if (t->failed != STATUS_OK)
		return t->failed;
	do
		answer = archive_read_data_block(t->tar, bytes, n, &offset);
	while (answer == ARCHIVE_OK && *n == 0);
	if (answer == ARCHIVE_EOF) {
		*n = 0;
		if (t->seen != t->size)
			return fail(t, "a member has not its size", NULL);
		return STATUS_OK;
	}
	if (answer != ARCHIVE_OK)
		return refused(t);
	if ((uint64_t)offset != t->seen || *n > t->size - t->seen)
		return fail(t, "a member has holes", NULL);
	t->seen += *n;
	return STATUS_OK;
}

status
tar_more(struct tar_reader *t, bool *more)
{
	*more = false;
	if (t->failed != STATUS_OK)
		return t->failed;
	archive_read_free(t->tar);
	t->tar = NULL;
	if (fill(t) != STATUS_OK || t->eof)
		return t->failed;
	scan_again(&t->scan);
	*more = true;
	return STATUS_OK;
}

uint64_t
tar_offset(const struct tar_reader *t)
{
	return t->scan.offset;
}
