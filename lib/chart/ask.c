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
#include "chart/terms.h"
#include "chart/when.h"

/* --- the range of time ----------------------------------------------------- */

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
	chart_term_column(sql, name);
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
	const char *time = chart_term_name(d, d->plan.time);
	status s;

	sql_add(&sql, "select ");
	add_epoch(&sql, d->plan.axis, "max", time);
	if (least) {
		sql_add(&sql, ", ");
		add_epoch(&sql, d->plan.axis, "min", time);
	}
	sql_add(&sql, " from ");
	chart_source_rows(src, &sql);
	chart_term_where(&sql, src, d, span);
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
	struct chart_span span = {.from = (double)NAN,
	    .until = below,
	    .exclusive = true,
	    .whole = isnan(below)};
	status s = ask_range(src, d, &span, least, from, until);

	*all = s == STATUS_OK && isfinite(*from) && isfinite(*until);
	if (s != STATUS_OK || *all)
		return s;
	span.whole = false;
	return ask_range(src, d, &span, least, from, until);
}

status
chart_ask_few(const struct chart_source *src, const struct chart_data *d,
    const struct chart_span *span, uint64_t most, bool *few)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	sql_add(&sql, "select pg_catalog.count(*) from (select from ");
	chart_source_rows(src, &sql);
	chart_term_where(&sql, src, d, span);
	sql_add(&sql, " limit ");
	sql_int(&sql, (int64_t)most + 1);
	sql_add(&sql, ") f");
	log_verbose("%s", str_text(&sql.text));
	s = pg_run(src->pg, "count the rows, if they are few", &sql, &r);
	*few = s == STATUS_OK && (uint64_t)pg_int(r, 0, 0) <= most;
	return s;
}

/* --- points ---------------------------------------------------------------- */

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
	if (span->own)
		sql_add(sql, "pg_catalog.min(");
	if (span->own)
		chart_term_column(sql, chart_term_name(d, p->time));
	else
		chart_term_bucket(sql, src, d, span);
	if (span->own)
		sql_add(sql, ")");
	sql_add(sql, " as x");
	for (size_t i = 0; i < p->by_count; i++) {
		uint32_t type = src->types[p->by[i]];

		sql_add(sql, ", ");
		chart_term_column(sql, chart_term_name(d, p->by[i]));
		/* json and xml know no equality. */
		if (type == 114 || type == 142)
			sql_add(sql, "::pg_catalog.text");
		sql_add(sql, " as b");
		sql_int(sql, (int64_t)i + 1);
	}
	for (size_t i = 0; i < p->value_count; i++) {
		sql_add(sql, ", ");
		if (span->step > 0)
			chart_term_aggregate(sql, src, d, span, i);
		else if (p->rows)
			sql_add(sql, "1");
		else
			chart_term_number(sql, d, i);
		sql_add(sql, " as ");
		add_value_name(sql, i);
	}
	sql_add(sql, " from ");
	chart_source_rows(src, sql);
	chart_term_where(sql, src, d, span);
	if (span->step <= 0)
		return;
	sql_add(sql, " group by ");
	if (span->own)
		chart_term_bucket(sql, src, d, span);
	else
		sql_add(sql, "1");
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
	add_x(sql, chart_term_is_time(src, d, span));
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
	bool time = chart_term_is_time(src, d, span);
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
			    chart_term_name(t->d, t->d->plan.values[value]));
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
