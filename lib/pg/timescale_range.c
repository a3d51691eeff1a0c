/* SPDX-License-Identifier: PostgreSQL */
/*
 * Slices of a hypertable's dimensions as predicates over its columns.
 */
#include "pg/timescale.h"
#include "pg/timescale_private.h"

#include "base/mem.h"
#include "base/num.h"

/* What a hash dimension counts in, unless users have their own function. */
#define HASH "_timescaledb_functions.get_partition_hash"

/*
 * One bound as SQL text: what is compared, and the bound as a literal of the
 * column's type.  What TimescaleDB counts in are microseconds since 1970, or
 * the integers themselves; a hash dimension's are those of its function.
 */
static void
add_bound(struct sql *sql)
{
	sql_add(sql, "case when d.interval_length is null");
	sql_add(sql, " or d.partitioning_func is not null then");
	sql_add(sql, " pg_catalog.format('%I.%I(%I)',");
	sql_add(sql, " d.partitioning_func_schema, d.partitioning_func,");
	sql_add(sql, " d.column_name) else");
	sql_add(sql, " pg_catalog.quote_ident(d.column_name) end");
}

static void
add_literal(struct sql *sql)
{
	sql_add(sql, "case when d.interval_length is null");
	sql_add(sql, " or d.counts in ('pg_catalog.int8'");
	sql_add(sql, "::pg_catalog.regtype, 'pg_catalog.int4'");
	sql_add(sql, "::pg_catalog.regtype, 'pg_catalog.int2'");
	sql_add(sql, "::pg_catalog.regtype) then pg_catalog.format('%L', v)");
	sql_add(sql, " when d.counts = 'pg_catalog.timestamptz'");
	sql_add(sql, "::pg_catalog.regtype then pg_catalog.format(");
	sql_add(sql, "'%L::pg_catalog.timestamptz',");
	sql_add(sql, " _timescaledb_functions.to_timestamp(v))");
	sql_add(sql, " when d.counts = 'pg_catalog.timestamp'");
	sql_add(sql, "::pg_catalog.regtype then pg_catalog.format(");
	sql_add(sql, "'%L::pg_catalog.timestamp', _timescaledb_functions");
	sql_add(sql, ".to_timestamp_without_timezone(v))");
	sql_add(sql, " when d.counts = 'pg_catalog.date'");
	sql_add(sql, "::pg_catalog.regtype then pg_catalog.format(");
	sql_add(sql, "'%L::pg_catalog.date',");
	sql_add(sql, " _timescaledb_functions.to_date(v)) end");
}

static void
add_range(struct sql *sql)
{
	sql_add(sql, " select w.name, d.id is not null, case");
	sql_add(sql, " when d.id is null then null");
	sql_add(sql, " when w.lo = '-9223372036854775808' then ''");
	sql_add(sql, " else (select ");
	add_bound(sql);
	sql_add(sql, " || ' >= ' || ");
	add_literal(sql);
	sql_add(sql, " from (select w.lo) as l (v)) end, case");
	sql_add(sql, " when d.id is null then null");
	sql_add(sql, " when w.hi = '9223372036854775807' then ''");
	sql_add(sql, " else (select ");
	add_bound(sql);
	sql_add(sql, " || ' < ' || ");
	add_literal(sql);
	sql_add(sql, " from (select w.hi) as l (v)) end,");
	sql_add(sql, " d.interval_length is null,");
	/* TimescaleDB takes nulls for a zero, whatever the function. */
	sql_add(sql, " case when d.interval_length is null and w.lo <= 0");
	sql_add(sql, " and w.hi > 0 then pg_catalog.quote_ident(w.name) end");
	sql_add(sql, " from want as w left join dim as d");
	sql_add(sql, " on d.column_name = w.name order by w.name");
}

static void
add_condition(struct str *all, const char *condition)
{
	if (*condition == '\0')
		return;
	if (all->len > 0)
		str_add(all, " and ");
	str_add(all, condition);
}

/* Both ends of a slice as one condition; nulls: the column whose nulls are in
 * it, or NULL. */
static void
add_slice(struct str *all, const char *from, const char *to, const char *nulls)
{
	struct str both CLEANUP(str_free) = STR_INIT;
	struct str slice CLEANUP(str_free) = STR_INIT;

	add_condition(&both, from);
	add_condition(&both, to);
	if (both.len == 0 || nulls == NULL) {
		add_condition(all, str_text(&both));
		return;
	}
	str_addc(&slice, '(');
	str_add(&slice, nulls);
	str_add(&slice, " is null or ");
	str_add(&slice, str_text(&both));
	str_addc(&slice, ')');
	add_condition(all, str_text(&slice));
}

/* What the line of the chunk says of a column, or NULL. */
static const json_t *
told_range(const json_t *ranges, const char *name)
{
	const json_t *range;
	size_t i;

	json_array_foreach(ranges, i,
	    range) if (str_eq(record_text(range, "column"), name)) return range;
	return NULL;
}

/* Hashes of a column are no bounds of it, nor the other way around. */
static bool
kind_differs(const json_t *ranges, const char *name, bool hashed)
{
	const json_t *range = told_range(ranges, name);
	const char *function = record_text(range, "function");

	return range != NULL &&
	    (function == NULL ? hashed : str_eq(function, HASH) && !hashed);
}

static void
add_told(struct str *out, const json_t *range, const char *field,
    const char *operator)
{
	const char *bound = record_text(range, field);
	bool hashed = record_text(range, "function") != NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (bound == NULL)
		return;
	if (hashed)
		sql_add(&sql, HASH "(");
	sql_ident(&sql, record_text(range, "column"));
	if (hashed)
		sql_add(&sql, ")");
	sql_given(&sql, operator);
	sql_value(&sql, bound);
	str_add(out, str_text(&sql.text));
}

/* Of hashes; nulls are taken for a zero. */
static bool
has_nulls(const json_t *range)
{
	const char *from = record_text(range, "from");
	const char *to = record_text(range, "to");
	int64_t n;

	return record_text(range, "function") != NULL &&
	    (from == NULL || !num_i64(from, 1, INT64_MAX, &n)) &&
	    (to == NULL || num_i64(to, 1, INT64_MAX, &n));
}

/* A dimension that h does not have is a column like others; so is one of UUIDs,
 * which only the source's line can say. */
static bool
add_other(struct str *all, const json_t *ranges, const char *name)
{
	const json_t *range = told_range(ranges, name);
	const char *function = record_text(range, "function");
	struct str from CLEANUP(str_free) = STR_INIT;
	struct str to CLEANUP(str_free) = STR_INIT;
	struct sql column CLEANUP_SQL = SQL_INIT;

	if (range == NULL || (function != NULL && !str_eq(function, HASH)))
		return false;
	add_told(&from, range, "from", " >= ");
	add_told(&to, range, "to", " < ");
	sql_ident(&column, name);
	add_slice(all, str_text(&from), str_text(&to),
	    has_nulls(range) ? str_text(&column.text) : NULL);
	return true;
}

status
pg_hypertable_range(struct pg *pg, const struct pg_hypertable *h,
    const json_t *slices, const json_t *ranges, char **out, bool *same,
    char **lacking)
{
	struct str all CLEANUP(str_free) = STR_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	bool primary = json_object_get(slices, h->primary) != NULL;
	status s;
	int i;

	*out = *lacking = NULL;
	sql_add(&sql, "with ");
	timescale_add_want(&sql, slices);
	sql_add(&sql, ", ");
	timescale_add_dimensions(&sql, h);
	add_range(&sql);
	s = pg_run(pg, NULL, &sql, &r);
	*same = s == STATUS_OK && pg_rows(r) == h->dimensions;
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		const char *name = pg_value(r, i, 0);
		bool has = pg_true(r, i, 1);
		bool other = !primary ||
		    (has && kind_differs(ranges, name, pg_true(r, i, 4)));

		*same = *same && has;
		if (!other && pg_value(r, i, 2) != NULL &&
		    pg_value(r, i, 3) != NULL) {
			add_slice(&all, pg_value(r, i, 2), pg_value(r, i, 3),
			    pg_value(r, i, 5));
		} else if (other || !add_other(&all, ranges, name)) {
			*lacking = mem_strdup(name);
			return STATUS_OK;
		}
	}
	if (s == STATUS_OK && all.len > 0)
		*out = str_take(&all);
	return s;
}
