/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is asked of a server: the range of time, and points.  The rows are
 * read once for all points, whatever is chosen of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chart/server.h"
#include "chart/when.h"

/* --- where they are in time ------------------------------------------------ */

static const char *
name_of(const struct chart_data *d, size_t column)
{
	return d->columns.data[column].name;
}

static void
add_column(struct sql *sql, const char *name)
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
#define FIRST_TIME -210866803200.0
#define LAST_TIME 9224318015999.0
#define FIRST_YEAR -62135596800.0 /* after Christ */

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
		add_column(sql, name);
		sql_add(sql, ")");
		return true;
	case CHART_FLOAT:
		/* NaN and Infinity less themselves are NaN. */
		add_column(sql, name);
		sql_add(sql, " - ");
		add_column(sql, name);
		sql_add(sql, " = 0");
		return true;
	case CHART_NUMERIC:
		add_column(sql, name);
		if (pg_version(src->pg) < 140000) {
			sql_add(sql, " <> 'NaN'");
			return true;
		}
		sql_add(sql, " < 'Infinity' and ");
		add_column(sql, name);
		sql_add(sql, " > '-Infinity'");
		return true;
	default:
		return false;
	}
}

/* " where ...": what lies in the span, and has a time at all. */
static void
add_where(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	const char *time = name_of(d, d->plan.time);
	enum chart_type type = d->columns.data[d->plan.time].type;

	if (span->whole)
		return;
	sql_add(sql, " where ");
	if (!isnan(span->from)) {
		add_column(sql, time);
		sql_add(sql, " >= ");
		add_bound(sql, type, span->from, true);
		sql_add(sql, " and ");
	}
	if (!isnan(span->until)) {
		add_column(sql, time);
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
	add_column(sql, time);
	sql_add(sql, " is not null");
}

/* Seconds or a number of what is named x. */
static void
add_epoch(struct sql *sql, enum draw_axis axis, const char *function,
    const char *name)
{
	if (axis == DRAW_TIME)
		sql_add(sql, "pg_catalog.date_part('epoch', ");
	if (strcmp(function, "min") == 0)
		sql_add(sql, "pg_catalog.min(");
	else
		sql_add(sql, "pg_catalog.max(");
	add_column(sql, name);
	sql_add(sql, ")");
	if (axis == DRAW_TIME)
		sql_add(sql, ")");
	sql_add(sql, "::pg_catalog.float8");
}

static status
ask_range(const struct chart_source *src, const struct chart_data *d,
    const struct chart_span *span, bool least, double *from, double *until)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	const char *time = name_of(d, d->plan.time);
	status s;

	sql_add(&sql, "select ");
	add_epoch(&sql, d->plan.axis, "max", time);
	if (least) {
		sql_add(&sql, ", ");
		add_epoch(&sql, d->plan.axis, "min", time);
	}
	sql_add(&sql, " from ");
	chart_source_rows(src, &sql);
	add_where(&sql, src, d, span);
	log_verbose("%s", str_text(&sql.text));
	s = pg_run(src->pg, "ask for the range of time", &sql, &r);
	if (s != STATUS_OK)
		return s;
	*from = 1;
	*until = 0;
	if (pg_value(r, 0, 0) != NULL) {
		*until = strtod(pg_value(r, 0, 0), NULL);
		*from = least ? strtod(pg_value(r, 0, 1), NULL) : *until;
	}
	return STATUS_OK;
}

/* Infinite times are few and far between: first as if there were none. */
status
chart_ask_range(const struct chart_source *src, const struct chart_data *d,
    double below, bool least, double *from, double *until, bool *all)
{
	struct chart_span span = {(double)NAN, below, true, 0, isnan(below),
	    false};
	status s = ask_range(src, d, &span, least, from, until);

	*all = s == STATUS_OK && isfinite(*from) && isfinite(*until);
	if (s != STATUS_OK || *all)
		return s;
	span.whole = false;
	return ask_range(src, d, &span, least, from, until);
}

/* --- points ---------------------------------------------------------------- */

/* Has the server a function for it?  Not for a bucket that begins before all
 * times that there are. */
static bool
bins_times(const struct chart_source *src, const struct chart_span *span)
{
	if (span->from < FIRST_TIME)
		return false;
	return src->bucket_schema != NULL || pg_version(src->pg) >= 140000;
}

/* The beginning of the bucket that a row is in. */
static void
add_bucket(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	const char *time = name_of(d, d->plan.time);
	enum chart_type type = d->columns.data[d->plan.time].type;
	bool timed = d->plan.axis == DRAW_TIME;
	bool whole = type == CHART_INTEGER && span->step >= 1 &&
	    span->step <= 9e15 && floor(span->step) >= span->step;
	char *step CLEANUP_FREE = NULL;

	/* More seconds than an interval takes may be days. */
	if (timed && fmod(span->step, 86400) < 1e-6)
		step = mem_printf("%.0f days", span->step / 86400);
	else
		step = mem_printf(timed ? "%.6f s" : "%.0f", span->step);
	if (span->step <= 0) {
		add_column(sql, time);
	} else if (timed && bins_times(src, span)) {
		if (src->bucket_schema != NULL)
			sql_name(sql, src->bucket_schema, "time_bucket");
		else
			sql_add(sql, "pg_catalog.date_bin");
		sql_add(sql, "(");
		sql_value(sql, step);
		sql_add(sql, "::pg_catalog.interval, ");
		add_column(sql, time);
		if (type == CHART_DATE)
			sql_add(sql, "::pg_catalog.timestamp");
		/* An origin before all rows, because early releases erred where
		 * it was not; but not so far that the distance overflows. */
		if (src->bucket_schema == NULL) {
			double origin = CHART_ORIGIN;

			if (span->from > FIRST_YEAR && span->from < origin)
				origin =
				    chart_floor(span->from, span->step, true);
			sql_add(sql, ", ");
			add_bound(sql, type, origin, true);
		}
		sql_add(sql, ")");
	} else if (whole) {
		/* Never rounded, also below zero. */
		add_column(sql, time);
		sql_add(sql, " - ((");
		add_column(sql, time);
		sql_add(sql, " % ");
		sql_value(sql, step);
		sql_add(sql, "::pg_catalog.int8) + ");
		sql_value(sql, step);
		sql_add(sql, "::pg_catalog.int8) % ");
		sql_value(sql, step);
		sql_add(sql, "::pg_catalog.int8");
	} else {
		sql_add(sql, "pg_catalog.floor((");
		if (timed)
			sql_add(sql, "pg_catalog.date_part('epoch', ");
		add_column(sql, time);
		if (timed)
			sql_add(sql, ")");
		sql_add(sql, "::pg_catalog.float8 - ");
		add_double(sql, timed ? CHART_ORIGIN : 0);
		sql_add(sql, ") / ");
		add_double(sql, span->step);
		sql_add(sql, ") * ");
		add_double(sql, span->step);
		sql_add(sql, " + ");
		add_double(sql, timed ? CHART_ORIGIN : 0);
	}
}

/* Is the x of a bucket still a time, to be made seconds of? */
static bool
is_time_still(const struct chart_source *src, const struct chart_data *d,
    const struct chart_span *span)
{
	return d->plan.axis == DRAW_TIME &&
	    (span->step <= 0 || bins_times(src, span));
}

static void
add_number(struct sql *sql, const struct chart_data *d, size_t value)
{
	enum chart_type type = d->columns.data[d->plan.values[value]].type;
	const char *name = name_of(d, d->plan.values[value]);

	if (type == CHART_INTERVAL)
		sql_add(sql, "pg_catalog.date_part('epoch', ");
	add_column(sql, name);
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
	add_number(sql, d, value);
	sql_add(sql, " order by ");
	add_column(sql, name_of(d, d->plan.time));
	if (last)
		sql_add(sql, " desc");
	sql_add(sql, ") filter (where ");
	if (add_finite(sql, src, c->type, c->name))
		sql_add(sql, " and ");
	add_column(sql, c->name);
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
	add_number(sql, d, value);
	sql_add(sql, ")::pg_catalog.float8)");
	add_filter(sql, src, d, span, value);
}

static void
add_aggregate(struct sql *sql, const struct chart_source *src,
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
	add_number(sql, d, value);
	sql_add(sql, ")");
	add_filter(sql, src, d, span, value);
}

/* v1, v2 ... */
static void
add_value_name(struct sql *sql, size_t value)
{
	sql_add(sql, "v");
	sql_int(sql, (int64_t)value + 1);
}

/* x, b1 ..., v1 ...: buckets, or rows as they are. */
static void
add_points(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	const struct chart_plan *p = &d->plan;

	sql_add(sql, "select ");
	add_bucket(sql, src, d, span);
	sql_add(sql, " as x");
	for (size_t i = 0; i < p->by_count; i++) {
		uint32_t type = src->types[p->by[i]];

		sql_add(sql, ", ");
		add_column(sql, name_of(d, p->by[i]));
		/* json and xml know no equality. */
		if (type == 114 || type == 142)
			sql_add(sql, "::pg_catalog.text");
		sql_add(sql, " as b");
		sql_int(sql, (int64_t)i + 1);
	}
	for (size_t i = 0; i < p->value_count; i++) {
		sql_add(sql, ", ");
		if (span->step > 0)
			add_aggregate(sql, src, d, span, i);
		else if (p->rows)
			sql_add(sql, "1");
		else
			add_number(sql, d, i);
		sql_add(sql, " as ");
		add_value_name(sql, i);
	}
	sql_add(sql, " from ");
	chart_source_rows(src, sql);
	add_where(sql, src, d, span);
	if (span->step <= 0)
		return;
	sql_add(sql, " group by 1");
	for (size_t i = 0; i < p->by_count; i++) {
		sql_add(sql, ", ");
		sql_int(sql, (int64_t)i + 2);
	}
}

static void
add_x(struct sql *sql, bool time)
{
	if (time)
		sql_add(sql, "pg_catalog.date_part('epoch', p.x)");
	else
		sql_add(sql, "p.x");
	sql_add(sql, "::pg_catalog.text");
}

static void
add_values(struct sql *sql, size_t count, bool summed)
{
	for (size_t i = 0; i < count; i++) {
		if (summed)
			sql_add(sql, ", pg_catalog.sum(p.");
		else
			sql_add(sql, ", (p.");
		add_value_name(sql, i);
		sql_add(sql, ")::pg_catalog.text");
	}
}

/* x, v1 ... of one series for each value, or of all rows. */
static void
add_plain(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span)
{
	sql_add(sql, "select ");
	add_x(sql, is_time_still(src, d, span));
	for (size_t i = 0; i < d->plan.by_count; i++) {
		sql_add(sql, ", p.b");
		sql_int(sql, (int64_t)i + 1);
		sql_add(sql, "::pg_catalog.text");
	}
	add_values(sql, d->plan.value_count, false);
	sql_add(sql, " from (");
	add_points(sql, src, d, span);
	sql_add(sql, ") p");
}

static void
add_ranks(struct sql *sql, bool stack)
{
	sql_add(sql, "), ranked as (select p.s, ");
	sql_add(sql, "pg_catalog.row_number() over (order by ");
	if (stack)
		sql_add(sql, "pg_catalog.sum(");
	else
		sql_add(sql, "pg_catalog.avg(");
	sql_add(sql, "pg_catalog.abs(p.v1)) desc nulls last, p.s) as place, ");
	sql_add(sql, "pg_catalog.count(*) over () as n ");
	sql_add(sql, "from points p where p.x is not null "); /* no time */
	sql_add(sql, "group by p.s) ");
}

/*
 * The same of the greatest series alone, which are chosen from the buckets,
 * so that the rows are read once; of a stack also the sum of the others.
 */
static void
add_ranked(struct sql *sql, const struct chart_source *src,
    const struct chart_data *d, const struct chart_span *span, bool stack)
{
	bool time = is_time_still(src, d, span);
	size_t n = d->plan.by_count;

	sql_add(sql, "with points as materialized (select p.x, array[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sql_add(sql, ", ");
		sql_add(sql, "p.b");
		sql_int(sql, (int64_t)i + 1);
		sql_add(sql, "::pg_catalog.text");
	}
	sql_add(sql, "] as s");
	for (size_t i = 0; i < d->plan.value_count; i++) {
		sql_add(sql, ", p.");
		add_value_name(sql, i);
	}
	sql_add(sql, " from (");
	add_points(sql, src, d, span);
	sql_add(sql, ") p");
	add_ranks(sql, stack);
	sql_add(sql, "select ");
	add_x(sql, time);
	for (size_t i = 0; i < n; i++) {
		sql_add(sql, ", p.s[");
		sql_int(sql, (int64_t)i + 1);
		sql_add(sql, "]");
	}
	add_values(sql, d->plan.value_count, false);
	sql_add(sql, ", r.n from points p join ranked r using (s) ");
	sql_add(sql, "where r.place <= ");
	sql_int(sql, (int64_t)src->r->top);
	if (!stack)
		return;
	sql_add(sql, " union all select ");
	add_x(sql, time);
	for (size_t i = 0; i < n; i++)
		sql_add(sql, ", null");
	add_values(sql, d->plan.value_count, true);
	sql_add(sql, ", 0 from points p join ranked r using (s) ");
	sql_add(sql, "where r.place > ");
	sql_int(sql, (int64_t)src->r->top);
	sql_add(sql, " group by p.x");
}

/* --- answers --------------------------------------------------------------- */

struct taking {
	struct chart_data *d;
	bool ranked;
	const char **names;
	struct str name;
};

static void
take_value(struct taking *t, size_t value, double x, const char *text,
    bool others)
{
	struct chart_set *set = &t->d->set;
	size_t line;
	double y;

	if (text == NULL || !chart_number(text, &y))
		return;
	chart_plan_name(&t->d->plan, &t->d->columns, t->names, value, &t->name);
	if (others) {
		str_clear(&t->name);
		str_add(&t->name, "others");
		if (t->d->plan.value_count > 1)
			str_addf(&t->name, " / %s",
			    name_of(t->d, t->d->plan.values[value]));
		/* No name of a row is like this one, whatever it is. */
		str_addc(&t->name, '\x01');
	}
	line = chart_set_line(set, t->name.data);
	set->lines[line].others = others;
	chart_set_add(set, line, x, y);
}

static status
take_row(void *arg, const struct pg_result *row)
{
	struct taking *t = arg;
	const struct chart_plan *p = &t->d->plan;
	int column = 1;
	bool others = false;
	double x;

	if (pg_value(row, 0, 0) == NULL ||
	    !chart_number(pg_value(row, 0, 0), &x) || !isfinite(x))
		return STATUS_OK;
	for (size_t i = 0; i < p->by_count; i++)
		t->names[i] = pg_value(row, 0, column++);
	if (t->ranked) {
		int64_t n = pg_int(row, 0, column + (int)p->value_count);

		others = n == 0;
		if (n > 0)
			t->d->series = (size_t)n * p->value_count;
	}
	for (size_t i = 0; i < p->value_count; i++)
		take_value(t, i, x, pg_value(row, 0, column++), others);
	return STATUS_OK;
}

/* The mark goes again from the names. */
static void
unmark_others(struct chart_set *set)
{
	for (size_t i = 0; i < set->len; i++)
		if (set->lines[i].others)
			set->lines[i].name[strlen(set->lines[i].name) - 1] =
			    '\0';
}

status
chart_ask_points(const struct chart_source *src, struct chart_data *d,
    const struct chart_span *span)
{
	bool stack =
	    src->r->kind == DRAW_STACKED || src->r->kind == DRAW_PERCENT;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct taking t = {.d = d,
	    .ranked = d->plan.by_count > 0 && span->step > 0};
	status s;

	if (t.ranked)
		add_ranked(&sql, src, d, span, stack);
	else
		add_plain(&sql, src, d, span);
	log_verbose("%s", str_text(&sql.text));
	t.names = mem_zalloc((d->plan.by_count + 1) * sizeof(t.names[0]));
	s = pg_each(src->pg, "read the data", &sql, take_row, &t);
	unmark_others(&d->set);
	if (!t.ranked)
		d->series = d->set.len;
	free(t.names);
	str_free(&t.name);
	return s;
}
