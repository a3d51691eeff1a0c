/* SPDX-License-Identifier: PostgreSQL */
/*
 * Edges of buckets.
 */
#include "refresh/bucket.h"

#include <stdlib.h>

#include "base/mem.h"

/* --- what they are --------------------------------------------------------------- */

/* From here on f has the columns of cagg_get_bucket_function_info(). */
static void
select_described(bool integer, struct sql *sql)
{
	sql_add(sql, "select f.bucket_fixed_width,");
	if (integer) {
		sql_add(sql, " f.bucket_width::pg_catalog.int8,");
		sql_add(sql, " f.bucket_width, null,");
		sql_add(sql, " nullif(nullif(f.bucket_offset, ''), '0'),");
	} else {
		sql_add(sql, " (extract(epoch from f.bucket_width");
		sql_add(sql, "::pg_catalog.interval) * 1000000)");
		sql_add(sql, "::pg_catalog.int8,");
		sql_add(sql, " f.bucket_width::pg_catalog.interval");
		sql_add(sql, "::pg_catalog.text,");
		sql_add(sql, " nullif(f.bucket_origin, '')");
		sql_add(sql, "::pg_catalog.timestamptz::pg_catalog.text,");
		sql_add(sql, " nullif(f.bucket_offset, '')");
		sql_add(sql, "::pg_catalog.interval::pg_catalog.text,");
	}
	sql_add(sql, " nullif(f.bucket_timezone, ''), n.nspname, p.proname");
}

static void
from_described(const struct site *s, int64_t id, struct sql *sql)
{
	if (s->buckets == SITE_BUCKETS_FUNCTION) {
		sql_add(sql, " from _timescaledb_functions");
		sql_add(sql, ".cagg_get_bucket_function_info(");
		sql_int(sql, id);
		sql_add(sql, ") f");
	} else {
		sql_add(sql, " from (select * from _timescaledb_catalog");
		sql_add(sql, ".continuous_aggs_bucket_function");
		sql_add(sql, " where mat_hypertable_id = ");
		sql_int(sql, id);
		sql_add(sql, ") f");
	}
	sql_add(sql, " join pg_catalog.pg_proc p on p.oid = f.bucket_func");
	sql_add(sql, "::pg_catalog.text::pg_catalog.regprocedure");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = p.pronamespace");
}

/* 2.14: a fixed width is a number in another table, and has no origin. */
static void
query_split(const struct site *s, int64_t id, bool integer, struct sql *sql)
{
	sql_add(sql, "select f.name is null, case when f.name is null");
	sql_add(sql, " then c.bucket_width else (extract(epoch from");
	sql_add(sql, " f.bucket_width::pg_catalog.interval) * 1000000)");
	sql_add(sql, "::pg_catalog.int8 end,");
	sql_add(sql, " case when f.name is not null then");
	sql_add(sql, " f.bucket_width::pg_catalog.interval");
	sql_add(sql, "::pg_catalog.text");
	if (integer)
		sql_add(sql, " else c.bucket_width::pg_catalog.text end,");
	else
		sql_add(sql,
		    " else ((c.bucket_width / 1000000.0)"
		    "::pg_catalog.text || ' s')"
		    "::pg_catalog.interval::pg_catalog.text end,");
	sql_add(sql, " nullif(f.origin, '')::pg_catalog.timestamptz");
	sql_add(sql, "::pg_catalog.text, null, nullif(f.timezone, ''),");
	sql_add(sql, " case when f.experimental then");
	sql_add(sql, " 'timescaledb_experimental' else ");
	sql_value(sql, s->schema);
	sql_add(sql, " end, coalesce(f.name, 'time_bucket')");
	sql_add(sql, " from _timescaledb_catalog.continuous_agg c");
	sql_add(sql, " left join _timescaledb_catalog");
	sql_add(sql, ".continuous_aggs_bucket_function f");
	sql_add(sql, " on f.mat_hypertable_id = c.mat_hypertable_id");
	sql_add(sql, " where c.mat_hypertable_id = ");
	sql_int(sql, id);
}

static char *
copy(const struct pg_result *r, int col)
{
	const char *text = pg_value(r, 0, col);

	return text == NULL ? NULL : mem_strdup(text);
}

status
bucket_load(struct site *s, int64_t id, const struct time_type *type,
    struct bucket *out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	if (s->buckets == SITE_BUCKETS_SPLIT) {
		query_split(s, id, type->integer, &sql);
	} else {
		select_described(type->integer, &sql);
		from_described(s, id, &sql);
	}
	st = failure_run(f, s->pg, &sql, &r,
	    "read the buckets of an aggregate of the %s", s->role);
	if (st != STATUS_OK)
		return st;
	if (pg_rows(r) != 1 || pg_int(r, 0, 1) <= 0)
		return failure_set(f, STATUS_FAIL,
		    "the %s's TimescaleDB does not say how wide the buckets "
		    "are",
		    s->role);
	*out = (struct bucket){.fixed = pg_true(r, 0, 0),
	    .width = pg_int(r, 0, 1),
	    .text = copy(r, 2),
	    .origin = copy(r, 3),
	    .offset = copy(r, 4),
	    .zone = copy(r, 5),
	    .schema = copy(r, 6),
	    .function = copy(r, 7)};
	out->shifted = out->origin != NULL || out->offset != NULL;
	return STATUS_OK;
}

void
bucket_free(struct bucket *b)
{
	free(b->text);
	free(b->origin);
	free(b->offset);
	free(b->zone);
	free(b->schema);
	free(b->function);
	*b = (struct bucket){0};
}

bool
bucket_same(const struct bucket *a, const struct bucket *b)
{
	/* A fixed width is a day in one version, and 24 hours in another. */
	return a->fixed == b->fixed && a->width == b->width &&
	    (a->fixed || str_eq(a->text, b->text)) &&
	    str_eq(a->origin, b->origin) && str_eq(a->offset, b->offset) &&
	    str_eq(a->zone, b->zone);
}

/* --- fixed widths ------------------------------------------------------------------ */

/* Differences of bigints fit into 64 bits without a sign. */

int64_t
bucket_floor_fixed(int64_t edge, int64_t width, int64_t value, int64_t least)
{
	uint64_t w = (uint64_t)width, far, down;

	if (value <= least)
		return least;
	if (value >= edge) {
		far = (uint64_t)value - (uint64_t)edge;
		return (int64_t)((uint64_t)value - far % w);
	}
	far = (uint64_t)edge - (uint64_t)value;
	down = far % w == 0 ? 0 : w - far % w;
	if (down > (uint64_t)value - (uint64_t)least)
		return least;
	return (int64_t)((uint64_t)value - down);
}

int64_t
bucket_after_fixed(int64_t edge, int64_t width, uint64_t n, int64_t limit)
{
	uint64_t room;

	if (edge >= limit)
		return limit;
	room = (uint64_t)limit - (uint64_t)edge;
	if (n > room / (uint64_t)width)
		return limit;
	return (int64_t)((uint64_t)edge + n * (uint64_t)width);
}

/* --- others ------------------------------------------------------------------------ */

/* FUNCTION(width, value, timezone => ..., origin => ..., "offset" => ...) */
static void
open_function(const struct bucket *b, struct sql *sql)
{
	sql_name(sql, b->schema, b->function);
	sql_add(sql, "(");
	sql_value(sql, b->text);
	sql_add(sql, "::pg_catalog.interval, ");
}

static void
close_function(const struct bucket *b, const struct time_type *type,
    struct sql *sql)
{
	if (b->zone != NULL) {
		sql_add(sql, ", timezone => ");
		sql_value(sql, b->zone);
		sql_add(sql, "::pg_catalog.text");
	}
	if (b->origin != NULL) {
		sql_add(sql, ", origin => ");
		sql_value(sql, b->origin);
		sql_add(sql, "::pg_catalog.timestamptz");
		time_type_cast(type, sql);
	}
	if (b->offset != NULL) {
		sql_add(sql, ", \"offset\" => ");
		sql_value(sql, b->offset);
		sql_add(sql, "::pg_catalog.interval");
	}
	sql_add(sql, ")");
}

static status
ask_edge(struct site *s, const struct sql *sql, int64_t *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st = failure_run(f, s->pg, sql, &r, "ask where a bucket begins");

	if (st == STATUS_OK)
		*out = pg_int(r, 0, 0);
	return st;
}

status
bucket_floor(struct site *s, const struct bucket *b,
    const struct time_type *type, int64_t edge, int64_t value, int64_t *out,
    struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (value <= type->least || b->fixed) {
		*out = bucket_floor_fixed(edge, b->width, value, type->least);
		return STATUS_OK;
	}
	sql_add(&sql, "select _timescaledb_functions.time_to_internal(");
	open_function(b, &sql);
	time_type_value(type, value, &sql);
	close_function(b, type, &sql);
	sql_add(&sql, ")");
	return ask_edge(s, &sql, out, f);
}

/* Months and days are added where the calendar is: in the zone. */
static void
add_later(const struct bucket *b, const struct time_type *type, int64_t edge,
    uint64_t n, struct sql *sql)
{
	sql_add(sql, "(((");
	time_type_value(type, edge, sql);
	if (b->zone != NULL) {
		sql_add(sql, " at time zone ");
		sql_value(sql, b->zone);
	}
	sql_add(sql, ") + ");
	sql_int(sql, n > INT32_MAX ? INT32_MAX : (int64_t)n);
	sql_add(sql, " * ");
	sql_value(sql, b->text);
	sql_add(sql, "::pg_catalog.interval)");
	if (b->zone != NULL) {
		sql_add(sql, " at time zone ");
		sql_value(sql, b->zone);
	}
	sql_add(sql, ")");
	time_type_cast(type, sql);
}

/* What goes beyond limit need not be asked, nor what the calendar's end
 * cannot hold. */
static bool
is_beyond(const struct bucket *b, int64_t edge, uint64_t n, int64_t limit)
{
	double room = (double)limit - (double)edge;

	return edge >= limit || (double)n * (double)b->width > 2 * room;
}

status
bucket_after(struct site *s, const struct bucket *b,
    const struct time_type *type, int64_t edge, uint64_t n, int64_t limit,
    int64_t *out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st;

	if (b->fixed) {
		*out = bucket_after_fixed(edge, b->width, n, limit);
		return STATUS_OK;
	}
	*out = limit;
	if (is_beyond(b, edge, n, limit))
		return STATUS_OK;
	sql_add(&sql, "select _timescaledb_functions.time_to_internal(");
	open_function(b, &sql);
	add_later(b, type, edge, n, &sql);
	close_function(b, type, &sql);
	sql_add(&sql, ")");
	st = ask_edge(s, &sql, out, f);
	/* Where an hour is missing, an edge may be its own successor. */
	if (st == STATUS_OK && *out <= edge)
		return bucket_after(s, b, type, edge, n + 1, limit, out, f);
	if (st == STATUS_OK && *out > limit)
		*out = limit;
	return st;
}

uint64_t
bucket_steps(const struct bucket *b, int64_t from, int64_t to, uint64_t n)
{
	uint64_t far, buckets;

	if (from >= to)
		return 0;
	far = (uint64_t)to - (uint64_t)from;
	buckets = far / (uint64_t)b->width + (far % (uint64_t)b->width != 0);
	/* A month is counted as 30 days. */
	if (!b->fixed && buckets > 1 && far % (uint64_t)b->width != 0)
		buckets--;
	return buckets / n + (buckets % n != 0);
}
