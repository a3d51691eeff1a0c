/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which rows differ: narrow a difference down to leaves of some 16,000 rows,
 * read the leaves that differ again, print a line for each row.
 *
 *	{"row":"missing","chunk":...,"schema":...,"table":...,"key":{...}}
 *	{"row":"extra",...}
 *	{"row":"differ",...,"columns":["a","b"]}
 *
 * Leaves are ranges of the primary key where its order is the same on both
 * servers, else parts by a hash of the key, or, without a key, of the row.
 * Without a key a row is known by its values, and lines carry "count".
 */
#ifndef COMPARE_DRILL_H
#define COMPARE_DRILL_H

#include "compare/both.h"
#include "compare/side.h"
#include "compare/verdict.h"
#include "data/chunk.h"

struct drill_task {
	struct side *side[SIDES]; /* in a transaction of one snapshot each */
	const struct rowset *rows[SIDES];
	const struct digest *digest[SIDES];
	const struct chunk *chunk;
	bool whole;		/* the chunk stands for its whole relation */
	const struct strv *key; /* columns that were asked for, or empty */
	uint64_t max;		/* lines; 0: no limit */
	bool values;		/* show them also where there is a key */
};

/* *failed is the side that made it end early. */
status drill(const struct drill_task *task, struct row_counts *counts,
    int *failed) MUST_CHECK;

#endif
