/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether a database has TimescaleDB, and of which shape it is.  That is
 * asked of its catalog and functions and not of its version number; what
 * differs between versions is in share/sql and share/chunks.
 */
#ifndef CHUNK_TIMESCALE_H
#define CHUNK_TIMESCALE_H

#include <stdbool.h>

#include "chunk/request.h"

/* Where the slices of its chunks are known from. */
enum timescale_slices {
	SLICES_SHOWN,	      /* show_chunk() */
	SLICES_APACHE,	      /* its licence has none: the catalog, */
	SLICES_APACHE_BEFORE, /* or that of before 2.28 */
};

struct timescale {
	bool present;
	enum timescale_slices slices;
};

/* One that is too old is reported, and so is its absence where the request
 * cannot do without. */
status timescale_look(struct pg *pg, const struct request *request,
    struct timescale *out) MUST_CHECK;

/*
 * Its functions see the present and not a transaction's snapshot, and refuse a
 * chunk that has been dropped since.  After a statement: is that what ended
 * it, so that it should be run again?  Then the transaction is back at the
 * savepoint.  Counts the tries, and gives up at last.
 */
bool timescale_again(struct pg *pg, status result, int *tries,
    const char *savepoint);

#endif
