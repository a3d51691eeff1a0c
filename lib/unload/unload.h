/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading chunks of a database into a copy archive: one snapshot, many
 * workers, one stream.
 *
 *	holder ── exports the snapshot and does nothing else
 *	work   ── chunk lines, read ahead, each id once
 *	worker ── takes a line, joins the snapshot in a transaction of the
 *	          chunk's own, locks, describes, copies; again
 *	archive ─ takes segments of all workers, one at a time
 */
#ifndef UNLOAD_UNLOAD_H
#define UNLOAD_UNLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "pg/conn.h"

#define UNLOAD_JOBS_MAX 256
#define UNLOAD_SEGMENT (1024 * 1024)
#define UNLOAD_SEGMENT_MIN 1024
#define UNLOAD_SEGMENT_MAX (8 * 1024 * 1024)

enum unload_format {
	UNLOAD_AUTO, /* binary where it is safe, else text */
	UNLOAD_BINARY,
	UNLOAD_TEXT,
	UNLOAD_CSV
};

struct unload_options {
	struct pg_params server;
	size_t jobs;
	enum unload_format format;
	const char *snapshot; /* to join; NULL: take one */
	size_t segment;	      /* bytes, about */
	bool digest;
	bool decompress;     /* compressed chunks come as rows */
	const char *reader;  /* version of the target's TimescaleDB, or NULL */
	bool partial;	     /* the chunk list is short on purpose */
	const char *output;  /* NULL: standard output */
	char *const *tables; /* in place of chunk lines on standard input */
	size_t ntables;
};

/*
 * Do it all.  What failed is reported and is in the archive; the status is
 * the worst of it.  A stop that was asked for lets the open chunks end and
 * marks the archive as interrupted; an abort leaves it cut.
 */
status unload_run(const struct unload_options *options) MUST_CHECK;

#endif
