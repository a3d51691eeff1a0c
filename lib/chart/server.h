/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows on a server: which, and how they are asked for.  Private to
 * lib/chart.
 */
#ifndef CHART_SERVER_H
#define CHART_SERVER_H

#include "chart/data.h"
#include "pg/timescale.h"

struct chart_source {
	const struct chart_request *r;
	struct pg *pg;
	char *schema, *table;	   /* NULL: the query */
	char *query;		   /* without a semicolon at its end */
	char *where;		   /* for messages: table "public.x" */
	uint32_t *types;	   /* of the columns */
	const char *bucket_schema; /* of time_bucket, or NULL */
};

/* Which rows an asking is about. */
struct chart_span {
	double from, until; /* NAN: open */
	bool exclusive;	    /* until does not belong to it */
	double step;
	bool own;    /* a bucket's x is its first row's, not where it begins */
	bool whole;  /* every row that has a time lies within */
	bool filter; /* there are values that are no finite numbers */
};

/* Connect, begin to read, find the rows and their columns. */
status chart_source_open(struct chart_source *src, struct chart_columns *c)
    MUST_CHECK;
void chart_source_close(struct chart_source *src);

/* "from" what: a table's name or a subquery, with the alias q. */
void chart_source_rows(const struct chart_source *src, struct sql *sql);

/* The least and the greatest finite time below until (NaN: of all); from >
 * until when there is none.  *all: there are no infinite ones. */
status chart_ask_range(const struct chart_source *src,
    const struct chart_data *d, double below, bool least, double *from,
    double *until, bool *all) MUST_CHECK;
/* Are there so many rows or fewer? */
status chart_ask_few(const struct chart_source *src, const struct chart_data *d,
    const struct chart_span *span, uint64_t most, bool *few) MUST_CHECK;
/* Points into d's set, which is empty; also d->series. */
status chart_ask_points(const struct chart_source *src, struct chart_data *d,
    const struct chart_span *span) MUST_CHECK;

#endif
