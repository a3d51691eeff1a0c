/* SPDX-License-Identifier: PostgreSQL */
/*
 * The terms that questions to a server are made of: which rows, which bucket,
 * which number.
 */
#include "chart/terms.h"

#include <math.h>
#include <stdlib.h>

#include "chart/when.h"

const char *
chart_term_name(const struct chart_data *d, size_t column)
{
	return d->columns.data[column].name;
}

void
chart_term_column(struct sql *sql, const char *name)
{
	sql_add(sql, "q.");
	sql_ident(sql, name);
}

static void
add_double(struct sql *sql, double x)
{
	char *text CLEANUP_FREE = mem_printf("%.17g", x);

	sql_value(sql, text);
	sql_add(sql, "::pg_catalog.float8");
}

/* The ends of the times that a server knows. */
#define FIRST_TIME (-210866803200.0)
#define LAST_TIME 9224318015999.0
#define FIRST_YEAR (-62135596800.0) /* after Christ */

/* A bound in the time column's own type, so that an index serves. */
static void
add_bound(struct sql *sql, enum chart_type type, double x, bool up)
{
	char *text CLEANUP_FREE = NULL;

	if (type == CHART_TIME || type == CHART_LOCAL || type == CHART_DATE)
		x = fmin(fmax(x, FIRST_TIME), LAST_TIME);
	switch (type) {
	case CHART_TIME:
		sql_add(sql, "pg_catalog.to_timestamp(");
		add_double(sql, x);
		sql_add(sql, ")");
		return;
	case CHART_LOCAL:
	case CHART_DATE:
		sql_add(sql,
		    "pg_catalog.timezone('UTC', "
		    "pg_catalog.to_timestamp(");
		add_double(sql, x);
		sql_add(sql, "))");
		return;
	case CHART_INTEGER:
		x = fmin(fmax(up ? ceil(x) : floor(x), -9.2e18), 9.2e18);
		text = mem_printf("%.0f", x);
		sql_value(sql, text);
		sql_add(sql, "::pg_catalog.int8");
		return;
	default:
		add_double(sql, x);
	}
}

/* A value that is a finite number; nothing where all of a type are. */
static bool
add_finite(struct sql *sql, const struct chart_source *src,
    enum chart_type type, const char *name)
{
	switch (type) {
	case CHART_TIME:
	case CHART_LOCAL:
	case CHART_DATE:
	case CHART_INTERVAL:
		sql_add(sql, "pg_catalog.isfinite(");
		chart_term_column(sql, name);
		sql_add(sql, ")");
		return true;
	case CHART_FLOAT:
		/* NaN and Infinity less themselves are NaN. */
		chart_term_column(sql, name);
		sql_add(sql, " - ");
		chart_term_column(sql, name);
		sql_add(sql, " = 0");
		return true;
	case CHART_NUMERIC:
		chart_term_column(sql, name);
		if (pg_version(src->pg) < 140000) {
			sql_add(sql, " <> 'NaN'");
			return true;
		}
		sql_add(sql, " < 'Infinity' and ");
		chart_term_column(sql, name);
		sql_add(sql, " > '-Infinity'");
		return true;
	default:
		return false;
	}
}

/* " where ...": what lies in the span, and has a time at all. */
void
chart_term_where(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	const char *time = chart_term_name(d, d->plan.time);
	enum chart_type type = d->columns.data[d->plan.time].type;

	if (span->whole)
		return;
	sql_add(sql, " where ");
	if (!isnan(span->from)) {
		chart_term_column(sql, time);
		sql_add(sql, " >= ");
		add_bound(sql, type, span->from, true);
		sql_add(sql, " and ");
	}
	if (!isnan(span->until)) {
		chart_term_column(sql, time);
		if (span->exclusive)
			sql_add(sql, " < ");
		else
			sql_add(sql, " <= ");
		add_bound(sql, type, span->until, span->exclusive);
		sql_add(sql, " and ");
	}
	if ((isnan(span->from) || isnan(span->until)) &&
	    add_finite(sql, src, type, time))
		sql_add(sql, " and ");
	chart_term_column(sql, time);
	sql_add(sql, " is not null");
}

/* --- buckets --------------------------------------------------------------- */

/* Has the server a function for it?  Not for a bucket that begins before all
 * times that there are. */
static bool
bins_times(const struct chart_source *src, const struct chart_span *span)
{
	if (span->from < FIRST_TIME)
		return false;
	return src->bucket_schema != NULL || pg_version(src->pg) >= 140000;
}

/* By the server's own function. */
static void
add_bin(struct sql *sql, const struct chart_source *src, const char *time,
    enum chart_type type, const struct chart_span *span)
{
	bool days = fmod(span->step, 86400) < 1e-6;
	/* More seconds than an interval takes may be days. */
	char *step CLEANUP_FREE = days
	    ? mem_printf("%.0f days", span->step / 86400)
	    : mem_printf("%.6f s", span->step);
	double origin = CHART_ORIGIN;

	if (src->bucket_schema != NULL)
		sql_name(sql, src->bucket_schema, "time_bucket");
	else
		sql_add(sql, "pg_catalog.date_bin");
	sql_add(sql, "(");
	sql_value(sql, step);
	sql_add(sql, "::pg_catalog.interval, ");
	chart_term_column(sql, time);
	if (type == CHART_DATE)
		sql_add(sql, "::pg_catalog.timestamp");
	/* An origin before all rows, because early releases erred where it was
	 * not; but not so far that the distance overflows. */
	if (src->bucket_schema == NULL) {
		if (span->from > FIRST_YEAR && span->from < origin)
			origin = chart_floor(span->from, span->step, true);
		sql_add(sql, ", ");
		add_bound(sql, type, origin, true);
	}
	sql_add(sql, ")");
}

/* A bucket that begins before it has no bigint for it. */
#define LEAST_INTEGER (-9.2e18)

/* Of integers: never rounded, also below zero. */
static void
add_modulo(struct sql *sql, const char *time, double step)
{
	char *text CLEANUP_FREE = mem_printf("%.0f", step);

	chart_term_column(sql, time);
	sql_add(sql, " - ((");
	chart_term_column(sql, time);
	sql_add(sql, " % ");
	sql_value(sql, text);
	sql_add(sql, "::pg_catalog.int8) + ");
	sql_value(sql, text);
	sql_add(sql, "::pg_catalog.int8) % ");
	sql_value(sql, text);
	sql_add(sql, "::pg_catalog.int8");
}

static void
add_floor(struct sql *sql, const char *time, bool timed, double step)
{
	sql_add(sql, "pg_catalog.floor((");
	if (timed)
		sql_add(sql, "pg_catalog.date_part('epoch', ");
	chart_term_column(sql, time);
	if (timed)
		sql_add(sql, ")");
	sql_add(sql, "::pg_catalog.float8 - ");
	add_double(sql, timed ? CHART_ORIGIN : 0);
	sql_add(sql, ") / ");
	add_double(sql, step);
	sql_add(sql, ") * ");
	add_double(sql, step);
	sql_add(sql, " + ");
	add_double(sql, timed ? CHART_ORIGIN : 0);
}

void
chart_term_bucket(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	const char *time = chart_term_name(d, d->plan.time);
	enum chart_type type = d->columns.data[d->plan.time].type;
	bool timed = d->plan.axis == DRAW_TIME;

	if (span->step <= 0)
		chart_term_column(sql, time);
	else if (timed && bins_times(src, span))
		add_bin(sql, src, time, type, span);
	else if (type == CHART_INTEGER && span->step >= 1 &&
	    span->step <= 9e15 && floor(span->step) >= span->step &&
	    !(span->from - span->step < LEAST_INTEGER))
		add_modulo(sql, time, span->step);
	else
		add_floor(sql, time, timed, span->step);
}

/* Is the x of a bucket still a time, to be made seconds of? */
bool
chart_term_is_time(const struct chart_source *src, const struct chart_data *d,
    const struct chart_span *span)
{
	return d->plan.axis == DRAW_TIME &&
	    (span->step <= 0 || span->own || bins_times(src, span));
}

void
chart_term_number(struct sql *sql, const struct chart_data *d, size_t value)
{
	enum chart_type type = d->columns.data[d->plan.values[value]].type;
	const char *name = chart_term_name(d, d->plan.values[value]);

	if (type == CHART_INTERVAL)
		sql_add(sql, "pg_catalog.date_part('epoch', ");
	chart_term_column(sql, name);
	if (type == CHART_INTERVAL)
		sql_add(sql, ")");
	else if (type == CHART_FLAG)
		sql_add(sql, "::pg_catalog.int4");
}

/* Sums show by themselves what is no number; then all is asked for again. */
static bool
shows_odd(const struct chart_source *src)
{
	return src->r->aggregate == CHART_AVG ||
	    src->r->aggregate == CHART_SUM || src->r->aggregate == CHART_MIN ||
	    src->r->aggregate == CHART_MAX;
}

static void
add_filter(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span, size_t value)
{
	const struct chart_column *c = &d->columns.data[d->plan.values[value]];
	struct sql condition CLEANUP_SQL = SQL_INIT;

	if ((!span->filter && shows_odd(src)) ||
	    !add_finite(&condition, src, c->type, c->name))
		return;
	sql_add(sql, " filter (where ");
	(void)add_finite(sql, src, c->type, c->name);
	sql_add(sql, ")");
}

static void
add_ordered(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, size_t value, bool last)
{
	const struct chart_column *c = &d->columns.data[d->plan.values[value]];

	sql_add(sql, "(pg_catalog.array_agg(");
	chart_term_number(sql, d, value);
	sql_add(sql, " order by ");
	chart_term_column(sql, chart_term_name(d, d->plan.time));
	if (last)
		sql_add(sql, " desc");
	sql_add(sql, ") filter (where ");
	if (add_finite(sql, src, c->type, c->name))
		sql_add(sql, " and ");
	chart_term_column(sql, c->name);
	sql_add(sql, " is not null))[1]");
}

static void
add_percentile(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span, size_t value,
    double part)
{
	sql_add(sql, "pg_catalog.percentile_cont(");
	add_double(sql, part);
	sql_add(sql, ") within group (order by (");
	chart_term_number(sql, d, value);
	sql_add(sql, ")::pg_catalog.float8)");
	add_filter(sql, src, d, span, value);
}

void
chart_term_aggregate(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span, size_t value)
{
	switch ((enum chart_aggregate)src->r->aggregate) {
	case CHART_AVG:
		sql_add(sql, "pg_catalog.avg(");
		break;
	case CHART_MIN:
		sql_add(sql, "pg_catalog.min(");
		break;
	case CHART_MAX:
		sql_add(sql, "pg_catalog.max(");
		break;
	case CHART_SUM:
		sql_add(sql, "pg_catalog.sum(");
		break;
	case CHART_COUNT:
		if (d->plan.rows)
			sql_add(sql, "pg_catalog.count(*)");
		if (d->plan.rows)
			return;
		sql_add(sql, "pg_catalog.count(");
		break;
	case CHART_FIRST:
	case CHART_LAST:
		add_ordered(sql, src, d, value,
		    src->r->aggregate == CHART_LAST);
		return;
	case CHART_MEDIAN:
	case CHART_P95:
		add_percentile(sql, src, d, span, value,
		    src->r->aggregate == CHART_P95 ? 0.95 : 0.5);
		return;
	}
	chart_term_number(sql, d, value);
	sql_add(sql, ")");
	add_filter(sql, src, d, span, value);
}
