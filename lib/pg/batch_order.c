/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the least and the greatest values of batches depend on, besides the
 * values: collations, and the order of an enum's labels.
 */
#include "pg/timescale.h"
#include "pg/private.h"

#include "base/mem.h"

/* What sorts by code points is the same everywhere. */
static void
add_plain(struct sql *sql, const char *locale)
{
	sql_given(sql, locale);
	sql_add(sql, " in ('C', 'POSIX', 'C.UTF-8', 'C.UTF8', 'C.utf8')");
}

/* Of the database's own, where its row in pg_database is d. */
static void
add_default(struct sql *sql, const struct pg *pg)
{
	sql_add(sql, "case when ");
	add_plain(sql,
	    "coalesce(d.row ->> 'datlocale', "
	    "d.row ->> 'daticulocale', d.row ->> 'datcollate')");
	sql_add(sql, " then 'C' else pg_catalog.concat_ws(' ',");
	sql_add(sql, " d.row ->> 'datlocprovider', coalesce(");
	sql_add(sql, "d.row ->> 'datlocale', d.row ->> 'daticulocale',");
	sql_add(sql, " d.row ->> 'datcollate')");
	if (pg_version(pg) >= 150000) {
		sql_add(sql, ", pg_catalog.pg_database_collation_actual_");
		sql_add(sql, "version((d.row ->> 'oid')::pg_catalog.oid)");
	}
	sql_add(sql, ") end");
}

/* Of a collation that a column names, whose row is n.row. */
static void
add_named(struct sql *sql)
{
	sql_add(sql, "case when ");
	add_plain(sql,
	    "coalesce(n.row ->> 'colllocale', "
	    "n.row ->> 'colliculocale', n.row ->> 'collcollate')");
	sql_add(sql, " then 'C' else pg_catalog.concat_ws(' ',");
	sql_add(sql, " n.row ->> 'collprovider', coalesce(");
	sql_add(sql, "n.row ->> 'colllocale', n.row ->> 'colliculocale',");
	sql_add(sql, " n.row ->> 'collcollate'),");
	sql_add(sql, " pg_catalog.pg_collation_actual_version(");
	sql_add(sql, "a.attcollation)) end");
}

static void
add_order(struct sql *sql, const struct pg *pg)
{
	sql_add(sql, "case when a.attcollation = 100 then ");
	add_default(sql, pg);
	sql_add(sql, " when a.attcollation <> 0 then ");
	add_named(sql);
	sql_add(sql, " else (select pg_catalog.string_agg(");
	sql_add(sql, "pg_catalog.quote_literal(e.enumlabel), ' '");
	sql_add(sql, " order by e.enumsortorder) from pg_catalog.pg_enum e");
	sql_add(sql, " where e.enumtypid = a.atttypid) end");
}

status
pg_batch_order(struct pg *pg, const struct pg_relation *batches, char **out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	*out = NULL;
	sql_add(&sql, "select pg_catalog.string_agg(o, ';' order by o)");
	sql_add(&sql, " from (select distinct ");
	add_order(&sql, pg);
	sql_add(&sql, " as o from pg_catalog.pg_attribute as a");
	sql_add(&sql, " cross join (select pg_catalog.to_jsonb(p) ||");
	sql_add(&sql, " pg_catalog.jsonb_build_object('oid', p.oid) as row");
	sql_add(&sql, " from pg_catalog.pg_database as p");
	sql_add(&sql, " where p.datname = pg_catalog.current_database()) d");
	sql_add(&sql, " left join lateral (select pg_catalog.to_jsonb(c)");
	sql_add(&sql, " as row from pg_catalog.pg_collation as c");
	sql_add(&sql, " where c.oid = a.attcollation) as n on true");
	sql_add(&sql, " where a.attnum > 0 and not a.attisdropped");
	/* Filters and counts do not depend on it. */
	sql_add(&sql, " and a.attname ~ '^_ts_meta_.*(min|max|first|last)'");
	sql_add(&sql, " and a.attrelid = ");
	sql_int(&sql, batches->oid);
	sql_add(&sql, ") as all_orders");
	s = pg_run(pg, NULL, &sql, &r);
	if (s == STATUS_OK && pg_value(r, 0, 0) != NULL)
		*out = mem_strdup(pg_value(r, 0, 0));
	return s;
}
