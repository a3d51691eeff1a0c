/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which TimescaleDB there is, and what it can do.
 */
#include "pg/private.h"
#include "pg/timescale.h"

#include <stdlib.h>

#include "base/mem.h"

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

static void
add_has_column(struct sql *sql)
{
	sql_add(sql, ", exists (select from pg_catalog.pg_attribute as a");
	sql_add(sql, " where not a.attisdropped and a.attrelid =");
	sql_add(sql, " pg_catalog.to_regclass(");
}

static void
add_has_setting(struct sql *sql)
{
	sql_add(sql, ", exists (select from pg_catalog.pg_settings as s");
	sql_add(sql, " where s.name = ");
}

static status
ask(struct pg *pg, struct pg_timescale *t)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&sql, "select (select x.extversion");
	sql_add(&sql, " from pg_catalog.pg_extension as x");
	sql_add(&sql, " where x.extname = 'timescaledb')");
	add_has_column(&sql);
	sql_add(&sql, "'_timescaledb_catalog.chunk')");
	sql_add(&sql, " and a.attname = 'relid')");
	add_has_column(&sql);
	sql_add(&sql, "'_timescaledb_catalog.dimension_slice')");
	sql_add(&sql, " and a.attname = 'chunk_id')");
	/* Settings are there once the library is loaded, which happens with
	 * the first look at something of the extension's. */
	add_has_setting(&sql);
	sql_add(&sql, "'timescaledb.skip_cagg_invalidation')");
	add_has_setting(&sql);
	sql_add(&sql,
	    "'timescaledb.max_tuples_decompressed_per_dml_transaction')");
	/* What came with attach_chunk (2.21): an index or a constraint like
	 * the hypertable's is taken for it. */
	sql_add(&sql, ", exists (select from pg_catalog.pg_proc as p");
	sql_add(&sql, " join pg_catalog.pg_depend as d on d.classid =");
	sql_add(&sql, " 'pg_catalog.pg_proc'::pg_catalog.regclass");
	sql_add(&sql, " and d.objid = p.oid and d.deptype = 'e'");
	sql_add(&sql, " join pg_catalog.pg_extension as x");
	sql_add(&sql, " on x.oid = d.refobjid and x.extname = 'timescaledb'");
	sql_add(&sql, " where p.proname = 'attach_chunk'),");
	/* By way of a hypertable that it is detached from again, which puts
	 * it into the schema where it has to be. */
	sql_add(&sql, " pg_catalog.to_regprocedure('_timescaledb_functions");
	sql_add(&sql, ".create_compressed_chunk(regclass,regclass,bigint,");
	sql_add(&sql, "bigint,bigint,bigint,bigint,bigint,bigint,bigint)')");
	sql_add(&sql, " is not null and pg_catalog.to_regprocedure('");
	sql_add(&sql, "_timescaledb_functions.create_chunk(");
	sql_add(&sql, "regclass,jsonb,name,name,regclass)') is not null");
	sql_add(&sql, " and (select pg_catalog.to_regprocedure(pg_catalog");
	sql_add(&sql, ".format('%I.detach_chunk(regclass)', n.nspname))");
	sql_add(&sql, " is not null from pg_catalog.pg_extension as x");
	sql_add(&sql, " join pg_catalog.pg_namespace as n");
	sql_add(&sql, " on n.oid = x.extnamespace");
	sql_add(&sql, " where x.extname = 'timescaledb'), (select n.nspname");
	sql_add(&sql, " from pg_catalog.pg_extension as x");
	sql_add(&sql, " join pg_catalog.pg_namespace as n");
	sql_add(&sql, " on n.oid = x.extnamespace");
	sql_add(&sql, " where x.extname = 'timescaledb'),");
	sql_add(&sql, " pg_catalog.to_regclass('_timescaledb_catalog");
	sql_add(&sql, ".chunk_column_stats') is not null");
	s = pg_run(pg, NULL, &sql, &r);
	if (s != STATUS_OK)
		return s;
	t->version = copy_of(pg_value(r, 0, 0));
	t->by_relid = pg_true(r, 0, 1);
	t->by_slice = pg_true(r, 0, 2);
	t->may_skip = pg_true(r, 0, 3);
	t->may_limit = pg_true(r, 0, 4);
	t->adopts = pg_true(r, 0, 5);
	t->attaches = pg_true(r, 0, 6);
	t->schema = copy_of(pg_value(r, 0, 7));
	t->keeps_ranges = pg_true(r, 0, 8);
	return STATUS_OK;
}

status
pg_timescale(struct pg *pg, const struct pg_timescale **out)
{
	status s = STATUS_OK;

	if (pg->hyper == NULL) {
		pg->hyper = mem_zalloc(sizeof(*pg->hyper));
		s = ask(pg, pg->hyper);
		if (s != STATUS_OK)
			pg_timescale_forget(pg);
	}
	*out = pg->hyper;
	return s;
}

void
pg_timescale_forget(struct pg *pg)
{
	if (pg->hyper != NULL) {
		free(pg->hyper->version);
		free(pg->hyper->schema);
	}
	free(pg->hyper);
	pg->hyper = NULL;
}

int
pg_timescale_compare(const char *a, const char *b)
{
	for (;;) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10);
		unsigned long y = strtoul(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (*end_a != '.' || *end_b != '.')
			return (*end_a == '.') - (*end_b == '.');
		a = end_a + 1;
		b = end_b + 1;
	}
}
