/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a piece to its chunk lines: whole if it is small, else in slices.
 */
#ifndef CHUNK_CUT_H
#define CHUNK_CUT_H

#include "chunk/line.h"
#include "chunk/points.h"
#include "chunk/request.h"
#include "chunk/text.h"

struct cutter {
	struct pg *pg;
	const struct request *request;
	const struct texts *texts;
	const struct bounds *bounds; /* NULL: none */
	uint64_t lines;		     /* printed so far */
	bool stop;		     /* a line could not be printed */
	bool told; /* that there are chunks which are never split */
};

/* Print the lines of a piece.  Reports; unless the connection was lost or
 * stop is set, the listing can go on after a failure. */
status cut_piece(struct cutter *c, const struct origin *origin,
    const struct piece *piece) MUST_CHECK;

/*
 * How many blocks a slice has.  It depends on the size that was asked for and,
 * in powers of two, on how much of the table is TOAST, but not on how large
 * the table is: so that it stays the same while the table grows.
 */
uint64_t cut_blocks(uint64_t split, uint64_t block_size, uint64_t heap_bytes,
    uint64_t bytes);

#endif
