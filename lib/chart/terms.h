/* SPDX-License-Identifier: PostgreSQL */
/*
 * The terms that questions to a server are made of.  The rows have the alias
 * q.  Private to lib/chart.
 */
#ifndef CHART_TERMS_H
#define CHART_TERMS_H

#include "chart/server.h"

/* The name of a column by its number; q."name". */
const char *chart_term_name(const struct chart_data *d, size_t column);
void chart_term_column(struct sql *sql, const char *name);

/* " where ...": what lies in the span, and has a time at all. */
void chart_term_where(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span);
/* The beginning of the bucket that a row is in; without buckets its time. */
void chart_term_bucket(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span);
/* Is the x of a bucket still a time, to be made seconds of? */
bool chart_term_is_time(const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span);
/* A value of a row as a number; what a bucket makes of it. */
void chart_term_number(struct sql *sql, const struct chart_data *d,
    size_t value);
void chart_term_aggregate(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span, size_t value);

#endif
