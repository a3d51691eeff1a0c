/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is in an archive, by names: files in order, runs without a gap.
 */
#ifndef WAL_SCAN_H
#define WAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wal/archive.h"

struct scan_file {
	char *name; /* without a codec's suffix */
	enum codec suffix;
	enum wal_file kind; /* WAL_OTHER: not of an archive */
	bool misnamed;	    /* no segment of this size has such a name */
	uint32_t timeline;
	uint64_t segment; /* of SEGMENT and PARTIAL */
	uint64_t bytes;	  /* on disk */
	int64_t mtime;
};

/* Segments of one timeline that follow one another. */
struct scan_run {
	uint32_t timeline;
	uint64_t first, last; /* segment numbers */
	uint64_t bytes;	      /* on disk */
	int64_t oldest, newest;
};

struct scan {
	struct scan_file *files; /* by timeline, segment, name, suffix */
	size_t nfiles;
	struct scan_run *runs; /* of whole segments, in the same order */
	size_t nruns;
};

/* Read it; the archive is measured first.  Files that begin with a dot are left
 * out: they are being written. */
status scan_archive(struct archive *a, struct scan *out) MUST_CHECK;
void scan_free(struct scan *s); /* also the cleanup */

static inline uint64_t
scan_run_count(const struct scan_run *run)
{
	return run->last - run->first + 1;
}
/* A run that does not begin its timeline: segments are missing before it. */
static inline bool
scan_is_gap(const struct scan *s, size_t run)
{
	return run > 0 && s->runs[run - 1].timeline == s->runs[run].timeline;
}
/* "2025-07-04T16:53:26Z" */
#define SCAN_TIME 32
void scan_show_time(char out[SCAN_TIME], int64_t t);

#endif
