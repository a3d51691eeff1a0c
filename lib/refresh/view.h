/* SPDX-License-Identifier: PostgreSQL */
/*
 * A continuous aggregate as one server has it.
 */
#ifndef REFRESH_VIEW_H
#define REFRESH_VIEW_H

#include "refresh/bucket.h"

/* A table or view and its time column. */
struct relation_name {
	char *schema, *name, *column;
};

struct view {
	bool exists;
	int64_t id;		   /* of its materialization hypertable */
	struct relation_name self; /* column: the time column's */
	struct relation_name mat;  /* what is materialised */
	struct relation_name raw;  /* what it is built on: of a hierarchy
				    * the lower one's materialisation */
	char *parent_schema, *parent_view; /* the lower one, or NULL */
	char *type_name;
	const struct time_type *type; /* NULL: one that is not known */
	struct bucket bucket;
	int64_t chunk;	   /* how much a chunk of mat covers */
	int64_t watermark; /* type->least: nothing is materialised */
};

/* One that is not there: STATUS_OK with exists false. */
status view_load(struct site *s, const char *schema, const char *name,
    struct view *out, struct failure *f) MUST_CHECK;
void view_free(struct view *v);
/* The watermark as it is now. */
status view_watermark(struct site *s, const struct view *v, int64_t *out,
    struct failure *f) MUST_CHECK;
/* The least time in relation, if it has a row. */
status view_first(struct site *s, const struct view *v,
    const struct relation_name *relation, bool *any, int64_t *out,
    struct failure *f) MUST_CHECK;
/* Is anything materialised in [from, to)? */
status view_holds(struct site *s, const struct view *v, int64_t from,
    int64_t to, bool *holds, struct failure *f) MUST_CHECK;
/* Of the ranges that TimescaleDB holds to be out of date, the beginning of
 * those that hold both what is just below value and value itself; value if
 * there are none, or if the server does not say. */
status view_invalid_before(struct site *s, const struct view *v, int64_t value,
    int64_t *out, struct failure *f) MUST_CHECK;
/* Is any of [from, to] out of date?  Is all of it? */
status view_invalid(struct site *s, const struct view *v, int64_t from,
    int64_t to, bool *any, bool *all, struct failure *f) MUST_CHECK;

#endif
