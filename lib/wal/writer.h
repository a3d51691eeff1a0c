/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments in the making.
 *
 * What comes goes to NAME.partial as it is, so that what was flushed is there
 * for a recovery whatever happens next, and through the compression at the same
 * time, whose file gets its name when the segment is whole.
 */
#ifndef WAL_WRITER_H
#define WAL_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wal/archive.h"

struct wal_writer {
	const struct archive *archive;
	struct codec_spec codec;
	/* A segment is there, durably; may be NULL. */
	status (*whole)(void *arg, const char *name);
	void *arg;

	uint32_t timeline; /* set while no segment is open */
	uint64_t flushed;  /* everything before it is on disk */
	/* Its own. */
	int fd; /* of the open one, or -1 */
	char name[WAL_NAME];
	char *partial;
	uint64_t segment;
	uint64_t at; /* bytes of it */
	bool dirty;
	bool packing;
	struct archive_put put;
};

/* The rest is zero. */
void wal_writer_init(struct wal_writer *w, const struct archive *a,
    const struct codec_spec *codec);
/* In order; the first after init or leave is at a segment's beginning. */
status wal_writer_add(struct wal_writer *w, uint64_t lsn, const void *bytes,
    size_t n) MUST_CHECK;
/* All that was added is on disk then. */
status wal_writer_flush(struct wal_writer *w) MUST_CHECK;
/* Flush, and leave an open segment partial. */
status wal_writer_leave(struct wal_writer *w) MUST_CHECK;

#endif
