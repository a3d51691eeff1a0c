/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a server's TimescaleDB can do, and values of its time columns.
 *
 * Inside, TimescaleDB counts microseconds, or the integers themselves, in a
 * bigint; so do we.
 */
#include "refresh/site.h"

#include <stdlib.h>

#include "base/mem.h"

static void
probe_query(struct sql *sql)
{
	sql_add(sql, "select n.nspname,");
	sql_add(sql, " exists (select from pg_catalog.pg_proc p");
	sql_add(sql, " where p.pronamespace = n.oid");
	sql_add(sql, " and p.proname = 'refresh_continuous_aggregate'");
	sql_add(sql, " and 'force' = any (p.proargnames)),");
	sql_add(sql, " coalesce(pg_catalog.has_table_privilege(");
	sql_add(sql, "pg_catalog.to_regclass('_timescaledb_catalog");
	sql_add(sql, ".continuous_aggs_watermark'), 'select'), false),");
	sql_add(sql, " coalesce(pg_catalog.has_table_privilege(");
	sql_add(sql, "pg_catalog.to_regclass('_timescaledb_catalog");
	sql_add(sql, ".continuous_aggs_materialization_invalidation_log'),");
	sql_add(sql, " 'select'), false),");
	sql_add(sql, " pg_catalog.to_regprocedure('_timescaledb_functions");
	sql_add(sql, ".cagg_get_bucket_function_info(integer)')");
	sql_add(sql, " is not null,");
	sql_add(sql, " exists (select from pg_catalog.pg_attribute a");
	sql_add(sql, " where a.attrelid = pg_catalog.to_regclass(");
	sql_add(sql, "'_timescaledb_catalog.continuous_aggs_bucket_function')");
	sql_add(sql, " and a.attname = 'bucket_fixed_width'),");
	sql_add(sql, " pg_catalog.to_regclass(");
	sql_add(sql, "'timescaledb_information.continuous_aggregates')");
	sql_add(sql, " is not null and pg_catalog.to_regprocedure(");
	sql_add(sql, "'_timescaledb_functions.to_timestamp(bigint)')");
	sql_add(sql, " is not null, e.extversion");
	sql_add(sql, " from pg_catalog.pg_extension e");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = e.extnamespace");
	sql_add(sql, " where e.extname = 'timescaledb'");
}

static status
take_probe(struct site *s, const struct pg_result *r, struct failure *f)
{
	if (pg_rows(r) == 0) {
		(void)failure_set(f, STATUS_FAIL,
		    "the %s database \"%s\" has no TimescaleDB", s->role,
		    pg_database(s->pg));
		failure_hint(f,
		    "create extension timescaledb, or name "
		    "another database");
		return f->class;
	}
	if (!pg_true(r, 0, 6))
		return failure_set(f, STATUS_FAIL,
		    "the %s database \"%s\" has TimescaleDB %s, which is too "
		    "old: it takes 2.14",
		    s->role, pg_database(s->pg), pg_value(r, 0, 7));
	s->schema = mem_strdup(pg_value(r, 0, 0));
	s->forces = pg_true(r, 0, 1);
	s->watermarks = pg_true(r, 0, 2);
	s->log = pg_true(r, 0, 3);
	s->buckets = pg_true(r, 0, 4) ? SITE_BUCKETS_FUNCTION
	    : pg_true(r, 0, 5)	      ? SITE_BUCKETS_TABLE
				      : SITE_BUCKETS_SPLIT;
	return STATUS_OK;
}

status
site_open(struct site *s, const struct pg_params *params, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*s = (struct site){.role = params->role};
	st = pg_connect(params, &s->pg);
	if (st != STATUS_OK) {
		s->pg = NULL;
		s->told = true;
		return failure_set(f, st, "could not connect to the %s",
		    params->role);
	}
	probe_query(&sql);
	st = failure_run(f, s->pg, &sql, &r, "look for TimescaleDB");
	if (st == STATUS_OK)
		st = take_probe(s, r, f);
	if (st != STATUS_OK)
		site_close(s);
	return st;
}

void
site_close(struct site *s)
{
	pg_close(s->pg);
	free(s->schema);
	*s = (struct site){.role = s->role};
}

/* --- values ---------------------------------------------------------------------- */

/* Before the first timestamp, 4714-11-24 BC. */
#define TIME_LEAST INT64_C(-210866803200000000)

static const struct time_type types[] = {{"timestamp with time zone", false,
					     TIME_LEAST, INT64_MAX},
    {"timestamp without time zone", false, TIME_LEAST, INT64_MAX},
    {"date", false, TIME_LEAST, INT64_MAX},
    {"bigint", true, INT64_MIN, INT64_MAX},
    {"integer", true, INT32_MIN, INT32_MAX},
    {"smallint", true, INT16_MIN, INT16_MAX}};

const struct time_type *
time_type_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(name, types[i].name))
			return &types[i];
	return NULL;
}

void
time_type_cast(const struct time_type *t, struct sql *sql)
{
	switch (t - types) {
	case 0:
		sql_add(sql, "::pg_catalog.timestamptz");
		break;
	case 1:
		sql_add(sql, "::pg_catalog.timestamp");
		break;
	case 2:
		sql_add(sql, "::pg_catalog.date");
		break;
	case 3:
		sql_add(sql, "::pg_catalog.int8");
		break;
	case 4:
		sql_add(sql, "::pg_catalog.int4");
		break;
	default:
		sql_add(sql, "::pg_catalog.int2");
		break;
	}
}

static void
add_bigint(int64_t value, struct sql *sql)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	sql_value(sql, text);
}

void
time_type_value(const struct time_type *t, int64_t value, struct sql *sql)
{
	if (t->integer) {
		add_bigint(value, sql);
		time_type_cast(t, sql);
		return;
	}
	switch (t - types) {
	case 0:
		sql_add(sql, "_timescaledb_functions.to_timestamp(");
		break;
	case 1:
		sql_add(sql,
		    "_timescaledb_functions"
		    ".to_timestamp_without_timezone(");
		break;
	default:
		sql_add(sql, "_timescaledb_functions.to_date(");
		break;
	}
	add_bigint(value, sql);
	sql_add(sql, "::pg_catalog.int8)");
}

status
time_type_show(struct site *s, const struct time_type *t, int64_t value,
    char **out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select (");
	time_type_value(t, value, &sql);
	sql_add(&sql, ")::pg_catalog.text");
	st = failure_run(f, s->pg, &sql, &r, "print a time of the %s", s->role);
	if (st == STATUS_OK)
		*out = mem_strdup(pg_value(r, 0, 0));
	return st;
}

status
time_type_read(struct site *s, const struct time_type *t, const char *text,
    int64_t *out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select _timescaledb_functions.time_to_internal(");
	sql_param(&sql, text);
	time_type_cast(t, &sql);
	sql_add(&sql, ")");
	st =
	    failure_run(f, s->pg, &sql, &r, "read \"%s\" as %s", text, t->name);
	if (st == STATUS_OK)
		*out = pg_int(r, 0, 0);
	return st;
}
