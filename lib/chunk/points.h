/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where to cut a relation's rows into parts of about equal size: from the
 * server's statistics, or from a sample of a few blocks, never from a scan.
 */
#ifndef CHUNK_POINTS_H
#define CHUNK_POINTS_H

#include "chunk/bounds.h"
#include "chunk/key.h"

/* The parts are before the first point, between two, and from the last on. */
struct points {
	size_t columns; /* values a point */
	struct strv values;
};

struct points_request {
	const char *oid, *schema, *table;
	const struct key *key;
	uint64_t blocks;   /* of the relation now */
	uint64_t parts;	   /* wanted, if all of the rows are */
	const char *where; /* SQL: which rows are wanted; NULL: all */
	/* where is by the key itself; the bounds, NULL where open */
	const char *from, *until;
};

/*
 * May find fewer points than were asked for, or none.  What the server
 * refuses is not reported but said in *refused (caller frees), and gives
 * STATUS_OK; any other failure is reported.
 */
status points_find(struct pg *pg, const struct texts *texts,
    const struct points_request *request, struct points *out, char **refused)
    MUST_CHECK;
size_t points_count(const struct points *p);
const char *const *points_at(const struct points *p, size_t i);
void points_free(struct points *p); /* also the cleanup */

/*
 * Of values in ascending order, each with the share of rows that come before
 * it, those that cut what lies between the shares from and until into parts
 * most evenly: their indexes to chosen (room for n), their number returned.
 */
size_t points_choose(const double *before, size_t n, double from, double until,
    uint64_t parts, size_t *chosen);

#endif
