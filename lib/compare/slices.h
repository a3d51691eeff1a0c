/* SPDX-License-Identifier: PostgreSQL */
/*
 * ctid slices are collected until all of their relation have come: on another
 * server they name no rows, but their digests add up to the relation's.
 */
#ifndef COMPARE_SLICES_H
#define COMPARE_SLICES_H

#include "data/chunk.h"
#include "data/digest.h"

/* The slices of one relation, to be judged and answered together. */
struct slice_group {
	struct chunk chunk; /* one of them, for the relation and "within" */
	bool whole;	    /* they cover the relation, and digest is its */
	struct digest digest;
	char *trouble;	   /* why it is not, for people; NULL when whole */
	struct strv lines; /* as they came, but for their columns */
	json_t *columns;   /* which all of them share, or NULL */
};
void slice_group_free(struct slice_group *g);
/* The i-th line as it came; caller owns. */
json_t *slice_group_line(const struct slice_group *g, size_t i);

struct slices;
struct slices *slices_new(void);
void slices_free(struct slices *s);
/*
 * Take a slice over.  When it completes its relation *out is the group, which the
 * caller owns, otherwise NULL.
 */
void slices_add(struct slices *s, struct chunk *c, struct slice_group **out);
/* A slice that was not loaded: its relation will not become whole. */
void slices_failed(struct slices *s, const struct chunk *c);
/* The next group that is left at the end of input, or NULL. */
struct slice_group *slices_rest(struct slices *s);

#endif
