/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunk lines (pgpipe-records(5)).
 */
#ifndef CHUNK_LINE_H
#define CHUNK_LINE_H

#include "chunk/bounds.h"
#include "chunk/piece.h"
#include "chunk/source.h"
#include "data/chunk.h"

/* Where the listing is made; system NULL where it may not be asked. */
struct origin {
	const struct source *source;
	const char *system, *database;
	uint32_t timeline;
};

/* How one line takes a part of a piece. */
struct slice {
	enum slice_by by;
	uint64_t from_block, to_block;	     /* ctid; to 0: open */
	const struct key *key;		     /* key, time */
	const char *const *from, *const *to; /* values, NULL: open */
	/* Where the slice before begins; NULL: open, or there is none. */
	const char *const *before;
	const char *never_null; /* a column that bounds say more of, or NULL */
	double share;		/* of the piece's rows, for estimates */
};

/* A longer bound has no room in a line. */
#define LINE_BOUND_MAX (RECORD_MAX / 4)

/* Print the line of a slice (or, with SLICE_NONE, of all) of a piece. */
status line_print(const struct origin *origin, const struct bounds *bounds,
    const struct piece *piece, const struct slice *slice) MUST_CHECK;

#endif
