/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the parts of a drill share: the plan (drill.c), the search for leaves
 * that differ (leaves.c), the two lists of a leaf side by side (merge.c), and
 * the rows found (found.c).
 */
#ifndef COMPARE_DRILL_PRIVATE_H
#define COMPARE_DRILL_PRIVATE_H

#include "compare/drill.h"

/* Rows of a leaf: small enough to be read again, many enough to be few. */
#define LEAF_ROWS 16384

struct found;

struct drill {
	const struct drill_task *task;
	struct row_counts *counts;
	struct shape key; /* its columns; none: n is 0 */
	struct rowset
	    key_rows[SIDES]; /* the rowset of only the key's columns */
	bool ranges;	     /* leaves are ranges of the key */
	uint64_t rows;	     /* on the larger side */
	int larger, failed;
	struct found *found;
};

/* A part of the rows.  All zero: all of them. */
struct leaf {
	const char *const *from, *const *to; /* values of the key; NULL: open */
	uint64_t mask;			     /* or: hash & mask is one of ids */
	const uint64_t *ids;
	size_t nids;
};

/* `from ... where ...` of the leaf's rows on a side. */
status leaf_scope(const struct drill *d, int side, const struct leaf *leaf,
    struct sql *out) MUST_CHECK;
/* The hash that leaves are parts by, where they are no ranges. */
status leaf_hash(const struct drill *d, int side, struct sql *out) MUST_CHECK;
/* Find the leaves that differ and merge them. */
status leaves_search(struct drill *d) MUST_CHECK;
/* Enough lines have been printed, or a signal asks for the end. */
bool drill_enough(const struct drill *d);

/* Read a leaf's rows on both sides and find what differs. */
status merge_leaf(struct drill *d, const struct leaf *leaf) MUST_CHECK;

/* Rows that differ, described and printed some at a time. */
enum found_kind { FOUND_MISSING, FOUND_EXTRA, FOUND_DIFFER };
struct found *found_new(struct drill *d);
void found_free(struct found *f);
/* key: the values of the key's columns as text, a null one NULL, copied;
 * hash: of the row on each side that has it. */
status found_add(struct found *f, enum found_kind kind, const char *const *key,
    const int64_t hash[SIDES], uint64_t count) MUST_CHECK;
/* Print what is waiting; leaf: where to look for it. */
status found_flush(struct found *f, const struct leaf *leaf) MUST_CHECK;
bool found_full(const struct found *f);

#endif
