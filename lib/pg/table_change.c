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
