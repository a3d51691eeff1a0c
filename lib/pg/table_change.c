/* SPDX-License-Identifier: PostgreSQL */
/*
 * Has a relation changed since it was described?
 *
 * COPY and queries resolve names in the catalogs as they are now, whatever
 * snapshot they read rows by.  So a column that was dropped and added again,
 * or that another one gave its name to, is read in place of the one that the
 * snapshot's catalogs describe, without an error and often without a rewrite.
 */
#include "pg/table.h"

#include "base/mem.h"
#include "base/str.h"
#include "pg/private.h"

/* --- since a snapshot was taken ----------------------------------------------------------- */

void
pg_table_add_renamed(struct sql *sql)
{
	sql_add(sql, "exists (select from pg_catalog.pg_attribute as a");
	sql_add(sql, " where a.attrelid = c.oid and a.attnum > 0");
	sql_add(sql, " and not a.attisdropped and a.attname::text");
	sql_add(sql, " is distinct from");
	sql_add(sql, " (pg_catalog.pg_identify_object_as_address(");
	sql_add(sql, "'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,");
	sql_add(sql, " a.attnum)).object_names[3])");
}

/* --- since it was loaded ------------------------------------------------------------------ */

enum { NOW_OID, NOW_NAME, NOW_TYPE, NOW_TYPMOD, NOW_GENERATED };

static void
select_now(struct sql *sql, const struct pg_table *t)
{
	struct sql name CLEANUP_SQL = SQL_INIT;

	sql_name(&name, t->schema, t->name);
	sql_add(sql, "select c.oid, a.attname, a.atttypid, a.atttypmod,");
	sql_add(sql, " a.attgenerated <> '' from pg_catalog.pg_class as c");
	sql_add(sql, " left join pg_catalog.pg_attribute as a");
	sql_add(sql, " on a.attrelid = c.oid and a.attnum > 0");
	sql_add(sql, " and not a.attisdropped");
	sql_add(sql, " where c.oid = pg_catalog.to_regclass(");
	sql_value(sql, str_text(&name.text));
	sql_add(sql, ") order by a.attnum");
}

static bool
same_column(const struct pg_column *c, const struct pg_result *r, int row)
{
	return str_eq(pg_value(r, row, NOW_NAME), c->name) &&
	    pg_int(r, row, NOW_TYPE) == (int64_t)c->oid &&
	    pg_int(r, row, NOW_TYPMOD) == c->typmod &&
	    pg_true(r, row, NOW_GENERATED) == c->generated;
}

static bool
same_columns(const struct pg_table *t, const struct pg_result *r)
{
	size_t i, n = (size_t)pg_rows(r);

	/* A table without columns is one row. */
	if (n == 0 || pg_int(r, 0, NOW_OID) != (int64_t)t->oid)
		return false;
	if (pg_value(r, 0, NOW_NAME) == NULL)
		return t->ncolumns == 0;
	for (i = 0; i < n && i < t->ncolumns; i++)
		if (!same_column(&t->columns[i], r, (int)i))
			return false;
	return n == t->ncolumns;
}

status
pg_table_hold(struct pg *pg, const struct pg_table *t, bool lock, bool *same)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	if (lock) {
		sql_add(&sql, "lock table only ");
		sql_name(&sql, t->schema, t->name);
		sql_add(&sql, " in row exclusive mode; ");
	}
	select_now(&sql, t);
	/* Two statements at once: this is done for each chunk. */
	s = pg_run_simple(pg, NULL, &sql, &r);
	*same = s == STATUS_OK && same_columns(t, r);
	return s;
}
