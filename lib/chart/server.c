/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows from a server: first where they are in time, then one point for each
 * bucket of each series that is shown; all in one snapshot.
 */
#include "chart/server.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chart/when.h"

/* --- which rows ------------------------------------------------------------ */

static enum chart_type
type_of(uint32_t oid)
{
	static const struct {
		uint32_t oid;
		enum chart_type type;
	} types[] = {{1184, CHART_TIME}, {1114, CHART_LOCAL},
	    {1082, CHART_DATE}, {20, CHART_INTEGER}, {21, CHART_INTEGER},
	    {23, CHART_INTEGER}, {700, CHART_FLOAT}, {701, CHART_FLOAT},
	    {1700, CHART_NUMERIC}, {1186, CHART_INTERVAL}, {16, CHART_FLAG}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].oid == oid)
			return types[i].type;
	return CHART_OTHER;
}

static void
add_relations(struct sql *sql)
{
	sql_add(sql, "select n.nspname, c.relname ");
	sql_add(sql, "from pg_catalog.pg_class c ");
	sql_add(sql, "join pg_catalog.pg_namespace n ");
	sql_add(sql, "on n.oid = c.relnamespace ");
	sql_add(sql, "where c.relkind in ('r', 'p', 'v', 'm', 'f') and ");
}

static void
keep_table(struct chart_source *src, const struct pg_result *r)
{
	src->schema = mem_strdup(pg_value(r, 0, 0));
	src->table = mem_strdup(pg_value(r, 0, 1));
}

/* As SQL has it, along the user's search_path. */
static status
find_by_path(struct chart_source *src)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	add_relations(&sql);
	sql_add(&sql, "c.oid = pg_catalog.to_regclass(");
	sql_param(&sql, src->r->table);
	sql_add(&sql, ")");
	s = pg_run(src->pg, NULL, &sql, &r);
	if (s == STATUS_OK && pg_rows(r) == 1)
		keep_table(src, r);
	/* What is no name in SQL may still be a bare one. */
	return pg_broken(src->pg) ? s : STATUS_OK;
}

static status
not_one(const struct chart_source *src, const struct pg_result *r)
{
	struct str list CLEANUP(str_free) = STR_INIT;

	for (int i = 0; i < pg_rows(r) && i < 20; i++) {
		str_add(&list, i > 0 ? ", " : "");
		sql_show_name(&list, pg_value(r, i, 0), pg_value(r, i, 1));
	}
	if (list.len > 0) {
		log_error("there are several tables \"%s\"", src->r->table);
		log_detail("they are %s", list.data);
		return STATUS_USAGE;
	}
	log_error("database \"%s\" has no table \"%s\"", pg_database(src->pg),
	    src->r->table);
	if (src->r->metric != NULL)
		log_hint("--table, --time, --value and --by say where your "
			 "data for metric \"%s\" is",
		    src->r->metric);
	return STATUS_USAGE;
}

/* A bare name, with or without its schema's, in any schema. */
static status
find_by_name(struct chart_source *src)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	add_relations(&sql);
	sql_param(&sql, src->r->table);
	sql_add(&sql, "::pg_catalog.text in (c.relname, ");
	sql_add(&sql, "pg_catalog.concat(n.nspname, '.', c.relname)) ");
	sql_add(&sql, "and n.nspname !~ '^pg_' ");
	sql_add(&sql, "and n.nspname <> 'information_schema' ");
	sql_add(&sql, "order by 1, 2");
	s = pg_run(src->pg, "look for the table", &sql, &r);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) != 1)
		return not_one(src, r);
	keep_table(src, r);
	return STATUS_OK;
}

static status
find_table(struct chart_source *src)
{
	status s = find_by_path(src);

	if (s == STATUS_OK && src->table == NULL)
		s = find_by_name(src);
	if (s != STATUS_OK)
		return s;
	src->where = mem_printf("table \"%s.%s\"", src->schema, src->table);
	/* From here on all is named in full. */
	return pg_do(src->pg, "set search_path", "set search_path = ''");
}

static void
take_query(struct chart_source *src)
{
	size_t n = strlen(src->r->query);

	while (n > 0 &&
	    (isspace((unsigned char)src->r->query[n - 1]) ||
		src->r->query[n - 1] == ';'))
		n--;
	src->query = mem_strndup(src->r->query, n);
	src->where = mem_strdup("the query");
}

void
chart_source_rows(const struct chart_source *src, struct sql *sql)
{
	if (src->table != NULL) {
		sql_name(sql, src->schema, src->table);
		sql_add(sql, " q");
		return;
	}
	/* The newline ends a comment. */
	sql_add(sql, "(\n");
	sql_given(sql, src->query);
	sql_add(sql, "\n) q");
}

static status
load_columns(struct chart_source *src, struct chart_columns *columns)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	sql_add(&sql, "select * from ");
	chart_source_rows(src, &sql);
	sql_add(&sql, " limit 0");
	s = pg_run(src->pg,
	    src->table != NULL ? "read the table" : "run the query", &sql, &r);
	if (s != STATUS_OK)
		return s;
	src->types =
	    mem_zalloc(((size_t)pg_columns(r) + 1) * sizeof(src->types[0]));
	for (int i = 0; i < pg_columns(r); i++) {
		src->types[i] = pg_column_type(r, i);
		chart_columns_add(columns, pg_column_name(r, i),
		    type_of(src->types[i]));
	}
	return STATUS_OK;
}

static status
look_for_timescale(struct chart_source *src)
{
	const struct pg_timescale *ts;
	status s = pg_timescale(src->pg, &ts);

	if (s != STATUS_OK) {
		pg_report(src->pg, "look for TimescaleDB");
		return s;
	}
	if (ts->version != NULL)
		src->bucket_schema = ts->schema;
	return STATUS_OK;
}

status
chart_source_open(struct chart_source *src, struct chart_columns *columns)
{
	status s = pg_connect(&src->r->server, &src->pg);

	if (s != STATUS_OK)
		return s;
	/* Nothing is done that could not be left at once. */
	pg_stoppable(src->pg, true);
	s = look_for_timescale(src);
	/* Names are what they are in the user's own sessions. */
	if (s == STATUS_OK)
		s = pg_do(src->pg, "reset search_path", "reset search_path");
	if (s == STATUS_OK && src->r->query != NULL)
		take_query(src);
	else if (s == STATUS_OK)
		s = find_table(src);
	if (s == STATUS_OK)
		s = pg_do(src->pg, "begin a transaction",
		    "begin isolation level repeatable read, read only");
	if (s == STATUS_OK)
		s = load_columns(src, columns);
	return s;
}

void
chart_source_close(struct chart_source *src)
{
	pg_close(src->pg);
	free(src->schema);
	free(src->table);
	free(src->query);
	free(src->where);
	free(src->types);
}

/* --- the whole ------------------------------------------------------------- */

/* Which rows, and how long a bucket is; asks only for what has to be known. */
static status
choose_span(const struct chart_source *src, struct chart_data *d,
    size_t buckets, struct chart_span *span)
{
	const struct chart_request *r = src->r;
	enum draw_axis axis = d->plan.axis;
	bool whole = r->window == NULL;
	bool all = false;
	double until, least = 0, greatest = 0;
	status s = chart_until(r, axis, &until);

	*span = (struct chart_span){.from = (double)NAN,
	    .until = until,
	    .exclusive = true};
	/* Without a window, the length of buckets may say all. */
	if (s == STATUS_OK && (r->window == NULL || !isnan(until)) &&
	    !chart_is_auto(r)) {
		s = chart_step(r, axis, 0, buckets, &span->step);
	} else if (s == STATUS_OK) {
		s = chart_ask_range(src, d, until, whole, &least, &greatest,
		    &all);
		if (s == STATUS_OK && least > greatest)
			return STATUS_NO;
	}
	if (s == STATUS_OK)
		s = chart_window(r, axis, isnan(until) ? greatest : until,
		    &span->from);
	if (s != STATUS_OK)
		return s;
	if (span->step <= 0)
		s = chart_step(r, axis,
		    greatest - (whole ? least : fmin(span->from, greatest)),
		    buckets, &span->step);
	if (isnan(until) && least <= greatest &&
	    (greatest != 0 || least != 0)) {
		span->until = greatest;
		span->exclusive = false;
	}
	span->whole = whole && all && isnan(until);
	d->from = span->from;
	if (whole && least < greatest)
		span->from = least;
	if (!isnan(span->from) && span->step > 0)
		span->from =
		    chart_floor(span->from, span->step, axis == DRAW_TIME);
	if (!whole)
		d->from = span->from;
	d->until = until;
	return s;
}

static status
ask_again(const struct chart_source *src, struct chart_data *d,
    const struct chart_span *span)
{
	chart_set_clear(&d->set);
	return chart_ask_points(src, d, span);
}

/* Rows that are as few as the buckets, in smaller ones that tell them apart. */
static status
tell_apart(const struct chart_source *src, struct chart_data *d,
    const struct chart_span *span, bool *few)
{
	struct chart_span small = *span;
	size_t points = 0;
	status s;

	for (size_t i = 0; i < d->set.len; i++)
		points += d->set.lines[i].len;
	s = chart_ask_few(src, d, span, (uint64_t)((double)points * CHART_FEW),
	    few);
	small.step /= CHART_GRAINS;
	return s == STATUS_OK && *few ? ask_again(src, d, &small) : s;
}

/*
 * What is rare costs another reading: NaN and infinite values, which would
 * spoil their buckets; and rows that come about as often as buckets, or less.
 */
static status
ask(const struct chart_source *src, struct chart_data *d,
    struct chart_span *span)
{
	bool time = d->plan.axis == DRAW_TIME;
	bool apart = true;
	struct chart_rhythm rhythm;
	status s = chart_ask_points(src, d, span);

	if (s == STATUS_OK && d->set.odd > 0 && span->step > 0) {
		span->filter = true;
		s = ask_again(src, d, span);
	}
	if (s != STATUS_OK || !chart_is_auto(src->r) || span->step <= 0)
		return s;
	if (chart_set_rhythm(&d->set) <= span->step * 1.01)
		s = tell_apart(src, d, span, &apart);
	if (s != STATUS_OK || !apart)
		return s;
	chart_choose_rhythm(src->r, d, &rhythm);
	span->step = rhythm.step;
	span->own = rhythm.own;
	d->step = rhythm.kept ? 0 : rhythm.step;
	if (!isnan(span->from))
		span->from = chart_floor(span->from, span->step, time);
	if (!isnan(d->from))
		d->from = span->from;
	return ask_again(src, d, span);
}

/* Where its rows are, when none of them was drawn. */
static status
nothing(const struct chart_source *src, const struct chart_data *d)
{
	double from = 1, until = 0;
	bool all;
	status s =
	    chart_ask_range(src, d, (double)NAN, true, &from, &until, &all);

	if (s != STATUS_OK)
		return s;
	return chart_nothing(src->r, src->where, d->plan.axis, from, until);
}

status
chart_from_server(const struct chart_request *r, size_t buckets,
    struct chart_data *d)
{
	struct chart_source src = {.r = r};
	struct chart_span span;
	status s = chart_source_open(&src, &d->columns);

	d->from = d->until = (double)NAN;
	if (s == STATUS_OK)
		s = chart_plan(r, &d->columns, src.where, &d->plan);
	if (s == STATUS_OK) {
		s = choose_span(&src, d, buckets, &span);
		d->step = span.step;
		if (s == STATUS_OK)
			s = ask(&src, d, &span);
		if (s == STATUS_NO || (s == STATUS_OK && d->set.len == 0))
			s = nothing(&src, d);
	}
	chart_source_close(&src);
	return s;
}
