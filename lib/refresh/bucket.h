/* SPDX-License-Identifier: PostgreSQL */
/*
 * The buckets of a continuous aggregate: where they begin.  Those of fixed
 * width are counted from an edge that is known; months, and days of a time
 * zone, are asked of the server's own function.  All values are internal
 * (refresh/site.h).
 */
#ifndef REFRESH_BUCKET_H
#define REFRESH_BUCKET_H

#include "refresh/site.h"

struct bucket {
	bool fixed;		      /* all of the same width */
	bool shifted;		      /* by an offset or an origin */
	int64_t width;		      /* or about that wide */
	char *text;		      /* the width as the server prints it */
	char *origin, *offset, *zone; /* or NULL */
	char *schema, *function;
};

/* Of the aggregate with this materialization hypertable. */
status bucket_load(struct site *s, int64_t id, const struct time_type *type,
    struct bucket *out, struct failure *f) MUST_CHECK;
void bucket_free(struct bucket *b);
bool bucket_same(const struct bucket *a, const struct bucket *b);

/*
 * The beginning of the bucket that holds value.  edge is where any bucket
 * begins; what lies below the type's least is that.
 */
status bucket_floor(struct site *s, const struct bucket *b,
    const struct time_type *type, int64_t edge, int64_t value, int64_t *out,
    struct failure *f) MUST_CHECK;
/* The n-th edge after one, at most limit (which is an edge). */
status bucket_after(struct site *s, const struct bucket *b,
    const struct time_type *type, int64_t edge, uint64_t n, int64_t limit,
    int64_t *out, struct failure *f) MUST_CHECK;
/* How many edges of every n-th bucket lie in [from, to): exactly, where the
 * width is fixed. */
uint64_t bucket_steps(const struct bucket *b, int64_t from, int64_t to,
    uint64_t n);

/* What the first two do for fixed widths. */
int64_t bucket_floor_fixed(int64_t edge, int64_t width, int64_t value,
    int64_t least);
int64_t bucket_after_fixed(int64_t edge, int64_t width, uint64_t n,
    int64_t limit);

#endif
