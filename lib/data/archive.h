/* SPDX-License-Identifier: PostgreSQL */
/*
 * The copy archive (pgpipe-archive(5)): a pax tar through libarchive.
 *
 *	pgpipe.json            format, source, snapshot, most chunks open
 *	c/<n>/chunk.json       n counts from 1
 *	c/<n>/batches/000001.copy ...  of a part that comes before the rows
 *	c/<n>/000001.copy ...  segments; together one COPY stream a part
 *	c/<n>/done.json  or  c/<n>/failed.json
 *	pgpipe-end.json
 *	two zero blocks, zero padding to 10,240 bytes
 */
#ifndef DATA_ARCHIVE_H
#define DATA_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/record.h"

#define ARCHIVE_FORMAT 1 /* "format" in pgpipe.json */

/*
 * Writing.  Each call is atomic under the writer's lock, so that any
 * thread may call.  After the first failure all calls fail the same way
 * without another message.  xxh128 of a chunk covers chunk.json's bytes and
 * then its segments' bytes, in order; the writer keeps it.  Every JSON member
 * is sealed: its last field "seal" is the xxh128 of the bytes before it;
 * readers check it and take it out.
 */
struct archive_writer;

/*
 * What a chunk is made of, in the order in which they come; each part is one
 * COPY stream, and may be absent.
 */
enum archive_part {
	ARCHIVE_BATCHES, /* compressed rows, as they are stored */
	ARCHIVE_ROWS,
	ARCHIVE_PARTS
};
/* fd is grown if a pipe; not closed.  name is for messages. */
struct archive_writer *archive_writer_new(int fd, const char *name);
status archive_write_start(struct archive_writer *w, json_t *stream) MUST_CHECK;
/* Writes chunk.json; the handle belongs to one thread. */
struct archive_chunk;
status archive_write_chunk(struct archive_writer *w, const json_t *line,
    struct archive_chunk **out) MUST_CHECK;
uint64_t archive_chunk_number(const struct archive_chunk *c);
/* Parts come in their order. */
status archive_write_segment(struct archive_chunk *c, enum archive_part part,
    const void *bytes, size_t n) MUST_CHECK;
/* done, which has "rows", gets "bytes", "segments" and "xxh128" set, and
 * "parts" where there are others than rows; so does failed; both free the
 * handle. */
status archive_write_done(struct archive_chunk *c, json_t *done) MUST_CHECK;
status archive_write_failed(struct archive_chunk *c, json_t *failed) MUST_CHECK;
/*
 * Any other member that the stream carries, which today is sequences.json,
 * once, between the last chunk and the end.
 */
status archive_write_member(struct archive_writer *w, const char *name,
    const json_t *value) MUST_CHECK;
/* end gets "members" (those before it), "chunks" (failed ones too),
 * "failed", "rows", "bytes" and "xxh128" (over every done.json, as written)
 * set; then zero blocks and padding.  No chunk may be open. */
status archive_write_end(struct archive_writer *w, json_t *end) MUST_CHECK;
void archive_writer_free(struct archive_writer *w);

/*
 * Reading, in the order of the stream, one thread.  One archive or several
 * in a row; n begins at 1 again after each ARCHIVE_START.  The reader itself
 * refuses whatever is no whole, agreeing archive: unknown or repeated
 * members, a segment out of order, a chunk that neither ended nor failed,
 * a hash that differs, counts that differ, missing end member, missing
 * zero blocks or padding, bytes after the end that are not another whole
 * archive, a newer format; reported, STATUS_USAGE.
 * (The hash of a chunk is checked here before ARCHIVE_DONE is given out.)
 */
enum archive_event_kind {
	ARCHIVE_START,	/* value: pgpipe.json */
	ARCHIVE_CHUNK,	/* n, value: chunk.json */
	ARCHIVE_DATA,	/* n, part, bytes, size: the next piece, never empty;
			 * valid until the next call */
	ARCHIVE_DONE,	/* n, value: done.json; hash and segments agreed */
	ARCHIVE_FAILED, /* n, value: failed.json */
	ARCHIVE_MEMBER, /* name, value */
	ARCHIVE_END,	/* value: pgpipe-end.json; agreed with what was seen */
	ARCHIVE_EOF	/* after the padding was checked: now it counts */
};

struct archive_event {
	enum archive_event_kind kind;
	uint64_t n;
	enum archive_part part;
	const char *name; /* member */
	json_t *value;	  /* borrowed until the next call */
	const void *bytes;
	size_t size;
};

struct archive_reader;
struct archive_reader *archive_reader_new(int fd, const char *name);
/* What was read from fd already, to see what it is: before the first event,
 * at most 4 kB. */
void archive_reader_push(struct archive_reader *r, const void *bytes, size_t n);
status archive_read_event(struct archive_reader *r, struct archive_event *e)
    MUST_CHECK;
void archive_reader_free(struct archive_reader *r);

#endif
