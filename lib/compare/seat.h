/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a side has the rows of a question.  A chunk of a hypertable is found
 * at the target by its slices: it is the chunk that has the same, or else a
 * range of the hypertable.
 */
#ifndef COMPARE_SEAT_H
#define COMPARE_SEAT_H

#include "compare/side.h"
#include "data/chunk.h"
#include "pg/timescale.h"

struct seat {
	const struct pg_table *table; /* the side's; exists says so */
	char *where;		      /* NULL: all of it */
	struct pg_chunk chunk;	      /* chunk.oid 0: it is none */
	bool empty; /* no table: a hypertable without chunks in the range */
	bool plain; /* the table is no hypertable, and has no ranges */
};
void seat_free(struct seat *p); /* also the cleanup */

/*
 * own: in the database that the line is of, else in one that it was copied
 * to.  where is the predicate that goes with the line's relation.
 */
status seat_find(struct side *s, const struct chunk *c, const char *where,
    bool own, struct seat *out) MUST_CHECK;

#endif
