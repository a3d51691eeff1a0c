/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments in the making.
 */
#include "wal/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static status
failed(const struct wal_writer *w, const char *doing)
{
	log_error("could not %s \"%s/%s\": %s", doing, w->archive->path,
	    w->partial, strerror(errno));
	return STATUS_FAIL;
}

void
wal_writer_init(struct wal_writer *w, const struct archive *a,
    const struct codec_spec *codec)
{
	*w = (struct wal_writer){.archive = a,
	    .codec = *codec,
	    .fd = -1,
	    .put = {.fd = -1}};
}

/* One that is there is written over with the same bytes, never made shorter:
 * it may be all that is left of a server. */
static status
open_segment(struct wal_writer *w, uint64_t lsn)
{
	const struct archive *a = w->archive;
	status s;

	if (lsn % a->segment_size != 0)
		BUG("a segment does not begin in its middle");
	w->segment = lsn / a->segment_size;
	wal_name_show(w->name, w->timeline, w->segment, a->segment_size);
	w->partial = mem_printf("%s.partial", w->name);
	w->at = 0;
	w->fd = openat(a->fd, w->partial,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, archive_mode(a));
	if (w->fd < 0) {
		s = failed(w, "create");
		free(w->partial);
		w->partial = NULL;
		return s;
	}
	s = archive_sync(a);
	if (s == STATUS_OK && w->codec.codec != CODEC_NONE) {
		w->packing = true;
		s = archive_put_begin(a, w->name, "receive", &w->codec,
		    &w->put);
	}
	return s;
}

static void
close_segment(struct wal_writer *w)
{
	if (w->packing)
		archive_put_abort(&w->put);
	w->packing = false;
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
	free(w->partial);
	w->partial = NULL;
	w->dirty = false;
}

/* --- a whole one ------------------------------------------------------------------- */

/* As it is: it needs nothing but its name. */
static status
name_partial(struct wal_writer *w)
{
	const struct archive *a = w->archive;

	if (fsync(w->fd) != 0)
		return failed(w, "fsync");
	if (renameat(a->fd, w->partial, a->fd, w->name) != 0)
		return failed(w, "rename");
	return archive_sync(a);
}

static status
name_packed(struct wal_writer *w)
{
	status s = archive_put_commit(&w->put);

	w->packing = false;
	if (s == STATUS_OK && unlinkat(w->archive->fd, w->partial, 0) != 0)
		return failed(w, "remove");
	return s;
}

/* Somebody else may have put it there, archive_command say. */
static status
publish(struct wal_writer *w)
{
	const struct archive *a = w->archive;
	struct archive_lock lock;
	bool there;
	status s = archive_lock(a, w->name, &lock);

	if (s != STATUS_OK)
		return s;
	s = archive_has(a, w->name, w->fd, a->segment_size, &there);
	if (s == STATUS_OK && there) {
		if (unlinkat(a->fd, w->partial, 0) != 0)
			s = failed(w, "remove");
	} else if (s == STATUS_OK) {
		s = w->packing ? name_packed(w) : name_partial(w);
	}
	archive_unlock(a, &lock);
	return s;
}

static status
finish_segment(struct wal_writer *w)
{
	status s = publish(w);

	if (s != STATUS_OK)
		return s;
	w->flushed = (w->segment + 1) * w->archive->segment_size;
	close_segment(w);
	return w->whole != NULL ? w->whole(w->arg, w->name) : STATUS_OK;
}

/* --- bytes ---------------------------------------------------------------------------- */

static status
put(struct wal_writer *w, const char *bytes, size_t n)
{
	size_t done = 0;

	w->dirty = true;
	while (done < n) {
		ssize_t some = pwrite(w->fd, bytes + done, n - done,
		    (off_t)(w->at + done));

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return failed(w, "write");
		done += (size_t)some;
	}
	w->at += n;
	return w->packing ? archive_put_write(&w->put, bytes, n) : STATUS_OK;
}

status
wal_writer_add(struct wal_writer *w, uint64_t lsn, const void *bytes, size_t n)
{
	const char *p = bytes;
	status s = STATUS_OK;

	while (s == STATUS_OK && n > 0) {
		size_t some;

		if (w->fd < 0)
			s = open_segment(w, lsn);
		if (s != STATUS_OK)
			return s;
		some = w->archive->segment_size - w->at < n
		    ? (size_t)(w->archive->segment_size - w->at)
		    : n;
		s = put(w, p, some);
		p += some;
		lsn += some;
		n -= some;
		if (s == STATUS_OK && w->at == w->archive->segment_size)
			s = finish_segment(w);
	}
	return s;
}

status
wal_writer_flush(struct wal_writer *w)
{
	if (w->fd < 0 || !w->dirty)
		return STATUS_OK;
	if (fsync(w->fd) != 0)
		return failed(w, "fsync");
	w->dirty = false;
	w->flushed = w->segment * w->archive->segment_size + w->at;
	return STATUS_OK;
}

status
wal_writer_leave(struct wal_writer *w)
{
	status s = wal_writer_flush(w);

	close_segment(w);
	return s;
}
