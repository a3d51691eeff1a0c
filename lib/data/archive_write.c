/* SPDX-License-Identifier: PostgreSQL */
/*
 * The copy archive's writer.
 *
 * libarchive makes the headers; with no blocking set it hands a member's
 * bytes to put() at the caller's own address, and from there they go to
 * write(2) without having been copied.  Only what is small (headers,
 * padding, JSON) is gathered, so that a member begins with one write.
 */
#include "data/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/archive_member.h"

#define SMALL ((size_t)4096)	   /* what is shorter is gathered ... */
#define GATHER ((size_t)16 * 1024) /* ... up to so much */

struct archive_writer {
	pthread_mutex_t lock;
	int fd;
	char *name;
	struct archive *tar;
	struct archive_entry *entry;
	status failed; /* of the first failure */
	bool closed;   /* nothing may be written any more */
	unsigned char small[GATHER];
	size_t nsmall;
	uint64_t written; /* bytes of the archive, gathered ones too */
	uint64_t members, chunks, open, nfailed;
	uint64_t rows, bytes;	 /* of the chunks that are done */
	XXH3_state_t *done_hash; /* over every done.json */
};

struct archive_chunk {
	struct archive_writer *w;
	uint64_t n;
	enum archive_part part; /* the present one */
	struct member_part parts[ARCHIVE_PARTS];
	uint64_t segments, bytes; /* of all parts */
	XXH3_state_t *hash;
};

/* Nothing reaches a descriptor that has failed, or an archive given up. */
static void
send(struct archive_writer *w, const void *bytes, size_t n)
{
	if (w->failed == STATUS_OK && !w->closed && n > 0)
		w->failed = io_write(w->fd, bytes, n, w->name);
}

static status
flush(struct archive_writer *w)
{
	send(w, w->small, w->nsmall);
	w->nsmall = 0;
	return w->failed;
}

/*
 * libarchive's write callback.  It never says no: libarchive would not free
 * all that it holds after that.  Whoever called libarchive looks at
 * w->failed.
 */
static la_ssize_t
put(struct archive *tar, void *arg, const void *bytes, size_t n)
{
	struct archive_writer *w = arg;

	(void)tar;
	if (n >= SMALL || n > GATHER - w->nsmall)
		(void)flush(w);
	if (n < SMALL) {
		memcpy(w->small + w->nsmall, bytes, n);
		w->nsmall += n;
	} else
		send(w, bytes, n);
	w->written += n;
	return (la_ssize_t)n;
}

/* libarchive itself said no. */
static status
refused(struct archive_writer *w)
{
	const char *reason = archive_error_string(w->tar);

	if (w->failed == STATUS_OK) {
		log_error("could not write to \"%s\": %s", w->name,
		    reason == NULL ? "unknown reason" : reason);
		w->failed = STATUS_FAIL;
	}
	return w->failed;
}

static XXH3_state_t *
hash_new(void)
{
	XXH3_state_t *hash = XXH3_createState();

	if (hash == NULL || XXH3_128bits_reset(hash) != XXH_OK)
		BUG("no hash state");
	return hash;
}

struct archive_writer *
archive_writer_new(int fd, const char *name)
{
	struct archive_writer *w = mem_zalloc(sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	w->fd = fd;
	w->name = mem_strdup(name);
	w->done_hash = hash_new();
	w->entry = archive_entry_new();
	w->tar = archive_write_new();
	if (w->entry == NULL || w->tar == NULL ||
	    archive_write_set_format_pax_restricted(w->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(w->tar, 0) != ARCHIVE_OK ||
	    archive_write_open(w->tar, w, NULL, put, NULL) != ARCHIVE_OK)
		refused(w);
	io_pipe_grow(fd);
	return w;
}

static status
write_header(struct archive_writer *w, const char *name, size_t size)
{
	archive_entry_clear(w->entry);
	archive_entry_set_pathname(w->entry, name);
	archive_entry_set_filetype(w->entry, AE_IFREG);
	archive_entry_set_perm(w->entry, 0644);
	archive_entry_set_size(w->entry, (la_int64_t)size);
	archive_entry_set_mtime(w->entry, time(NULL), 0);
	if (archive_write_header(w->tar, w->entry) != ARCHIVE_OK)
		return refused(w);
	return w->failed;
}

/*
 * One whole member; the caller holds the lock.  Its padding may wait here for
 * the next member's header.
 */
static status
write_member(struct archive_writer *w, const char *name, const void *bytes,
    size_t size)
{
	const unsigned char *p = bytes;

	if (w->failed != STATUS_OK)
		return w->failed;
	if (write_header(w, name, size) != STATUS_OK)
		return w->failed;
	while (size > 0 && w->failed == STATUS_OK) {
		la_ssize_t n = archive_write_data(w->tar, p, size);

		if (n <= 0)
			return refused(w);
		p += n;
		size -= (size_t)n;
	}
	if (archive_write_finish_entry(w->tar) != ARCHIVE_OK)
		return refused(w);
	w->members++;
	return w->failed;
}

static status
too_long(struct archive_writer *w, const char *name, size_t size)
{
	log_error("could not write to \"%s\": \"%s\" would have %zu bytes",
	    w->name, name, size);
	w->failed = STATUS_FAIL;
	return w->failed;
}

/* A JSON member; text receives what was written; the lock is held. */
static status
write_json(struct archive_writer *w, const char *name, const json_t *value,
    size_t max, struct str *text)
{
	if (w->failed != STATUS_OK)
		return w->failed;
	str_clear(text);
	member_seal(value, text);
	if (text->len > max)
		return too_long(w, name, text->len);
	if (write_member(w, name, text->data, text->len) != STATUS_OK)
		return w->failed;
	return flush(w);
}

/* A JSON member with the name that belongs to it. */
static status
write_named(struct archive_writer *w, enum member_kind kind, uint64_t n,
    const json_t *value, struct str *text)
{
	const struct member_name m = {kind, n, 0, ARCHIVE_ROWS};
	char name[ARCHIVE_NAME_MAX];

	member_name_show(&m, name);
	return write_json(w, name, value, ARCHIVE_JSON_MAX, text);
}

status
archive_write_start(struct archive_writer *w, json_t *stream)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	record_set_int(stream, "format", ARCHIVE_FORMAT);
	pthread_mutex_lock(&w->lock);
	s = write_named(w, MEMBER_START, 0, stream, &text);
	pthread_mutex_unlock(&w->lock);
	return s;
}

static void
chunk_end(struct archive_chunk *c)
{
	XXH3_freeState(c->hash);
	free(c);
}

status
archive_write_chunk(struct archive_writer *w, const json_t *line,
    struct archive_chunk **out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct archive_chunk *c = mem_zalloc(sizeof(*c));
	status s;

	*out = NULL;
	c->w = w;
	c->hash = hash_new();
	pthread_mutex_lock(&w->lock);
	c->n = w->chunks + 1;
	s = write_named(w, MEMBER_CHUNK, c->n, line, &text);
	if (s == STATUS_OK) {
		w->chunks++;
		w->open++;
	}
	pthread_mutex_unlock(&w->lock);
	if (s != STATUS_OK) {
		chunk_end(c);
		return s;
	}
	XXH3_128bits_update(c->hash, text.data, text.len);
	*out = c;
	return STATUS_OK;
}

uint64_t
archive_chunk_number(const struct archive_chunk *c)
{
	return c->n;
}

status
archive_write_segment(struct archive_chunk *c, enum archive_part part,
    const void *bytes, size_t n)
{
	const struct member_name m = {MEMBER_SEGMENT, c->n,
	    c->parts[part].segments + 1, part};
	char name[ARCHIVE_NAME_MAX];
	status s;

	if (n == 0)
		return STATUS_OK;
	if (part < c->part)
		BUG("a part of a chunk comes after a later one");
	c->part = part;
	member_name_show(&m, name);
	XXH3_128bits_update(c->hash, bytes, n);
	pthread_mutex_lock(&c->w->lock);
	s = write_member(c->w, name, bytes, n);
	pthread_mutex_unlock(&c->w->lock);
	c->parts[part].segments++;
	c->parts[part].bytes += n;
	c->segments++;
	c->bytes += n;
	return s;
}

static void
seal_chunk(const struct archive_chunk *c, json_t *last)
{
	char hex[ARCHIVE_HASH_HEX + 1];
	json_t *parts = member_parts_json(c->parts);

	member_hash_state(c->hash, hex);
	if (parts != NULL)
		(void)json_object_set_new(last, "parts", parts);
	record_set_count(last, "bytes", c->bytes);
	record_set_count(last, "segments", c->segments);
	record_set_text(last, "xxh128", hex);
}

status
archive_write_done(struct archive_chunk *c, json_t *done)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct archive_writer *w = c->w;
	int64_t rows = record_int(done, "rows");
	status s;

	if (rows < 0)
		BUG("done without rows");
	seal_chunk(c, done);
	pthread_mutex_lock(&w->lock);
	s = write_named(w, MEMBER_DONE, c->n, done, &text);
	if (s == STATUS_OK) {
		XXH3_128bits_update(w->done_hash, text.data, text.len);
		w->rows += (uint64_t)rows;
		w->bytes += c->bytes;
	}
	w->open--;
	pthread_mutex_unlock(&w->lock);
	chunk_end(c);
	return s;
}

status
archive_write_failed(struct archive_chunk *c, json_t *failed)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct archive_writer *w = c->w;
	status s;

	seal_chunk(c, failed);
	pthread_mutex_lock(&w->lock);
	s = write_named(w, MEMBER_FAILED, c->n, failed, &text);
	w->nfailed++;
	w->open--;
	pthread_mutex_unlock(&w->lock);
	chunk_end(c);
	return s;
}

status
archive_write_member(struct archive_writer *w, const char *name,
    const json_t *value)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (!member_name_other(name))
		BUG("\"%s\" is no member that readers know", name);
	pthread_mutex_lock(&w->lock);
	s = write_json(w, name, value, ARCHIVE_MEMBER_MAX, &text);
	pthread_mutex_unlock(&w->lock);
	return s;
}

/* libarchive's two zero blocks, then ours up to the record's size. */
static status
finish(struct archive_writer *w)
{
	static const unsigned char zeros[SMALL];

	if (archive_write_close(w->tar) != ARCHIVE_OK)
		return refused(w);
	while (w->written % ARCHIVE_RECORD != 0) {
		size_t n = ARCHIVE_RECORD - w->written % ARCHIVE_RECORD;

		(void)put(w->tar, w, zeros, n < SMALL ? n : SMALL - 1);
	}
	return flush(w);
}

status
archive_write_end(struct archive_writer *w, json_t *end)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	char hex[ARCHIVE_HASH_HEX + 1];
	status s;

	pthread_mutex_lock(&w->lock);
	if (w->open != 0)
		BUG("the archive would end with a chunk open");
	member_hash_state(w->done_hash, hex);
	record_set_count(end, "members", w->members);
	record_set_count(end, "chunks", w->chunks);
	record_set_count(end, "failed", w->nfailed);
	record_set_count(end, "rows", w->rows);
	record_set_count(end, "bytes", w->bytes);
	record_set_text(end, "xxh128", hex);
	s = write_named(w, MEMBER_END, 0, end, &text);
	if (s == STATUS_OK)
		s = finish(w);
	w->closed = true;
	pthread_mutex_unlock(&w->lock);
	return s;
}

void
archive_writer_free(struct archive_writer *w)
{
	if (w == NULL)
		return;
	/* Freeing ends an unfinished archive as if it were whole. */
	w->closed = true;
	archive_write_free(w->tar);
	archive_entry_free(w->entry);
	XXH3_freeState(w->done_hash);
	pthread_mutex_destroy(&w->lock);
	free(w->name);
	free(w);
}
