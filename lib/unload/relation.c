/* SPDX-License-Identifier: PostgreSQL */
/*
 * What may be read, and that it stands still.
 */
#include "unload/relation.h"

#include <inttypes.h>

#include "base/str.h"
#include "pg/sql.h"

static const char *
kind_name(char kind)
{
	switch (kind) {
	case 'v':
		return "a view";
	case 'm':
		return "a materialized view";
	case 'f':
		return "a foreign table";
	case 'i':
	case 'I':
		return "an index";
	case 'S':
		return "a sequence";
	case 'c':
		return "a composite type";
	default:
		return "no table";
	}
}

static status
check_kind(const struct pg_table *t, const char *name, struct failure *why)
{
	if (t->kind == 'r')
		return STATUS_OK;
	if (t->kind == 'p') {
		(void)failure_set(why, STATUS_FAIL,
		    "%s is partitioned and holds no rows of its own", name);
		failure_hint(why, "list its partitions with pg-chunks");
		return STATUS_FAIL;
	}
	return failure_set(why, STATUS_FAIL, "%s is %s, not a table", name,
	    kind_name(t->kind));
}

static status
check_timescale(const struct pg_table *t, const char *name, struct failure *why)
{
	if (!t->hypertable && !t->hypertable_chunk)
		return STATUS_OK;
	if (t->hypertable)
		(void)failure_set(why, STATUS_FAIL,
		    "%s is a hypertable of TimescaleDB and holds no rows of "
		    "its own",
		    name);
	else
		(void)failure_set(why, STATUS_FAIL,
		    "%s belongs to a hypertable of TimescaleDB and was not "
		    "listed as its chunk",
		    name);
	failure_hint(why, "list chunks of hypertables with pg-chunks");
	return STATUS_FAIL;
}

static status
check_persistence(const struct pg_table *t, const char *name, bool standby,
    struct failure *why)
{
	if (t->persistence == 't')
		return failure_set(why, STATUS_FAIL,
		    "%s is a temporary table of another session", name);
	if (t->persistence != 'u' || !standby)
		return STATUS_OK;
	(void)failure_set(why, STATUS_FAIL,
	    "%s is unlogged and has no rows on a standby", name);
	failure_hint(why, "copy it from the primary");
	return STATUS_FAIL;
}

static status
check_policies(const struct pg_table *t, const char *name, const struct pg *pg,
    struct failure *why)
{
	if (!t->row_security)
		return STATUS_OK;
	(void)failure_set(why, STATUS_FAIL,
	    "row-level security may hide rows of %s from user \"%s\"", name,
	    pg_user(pg));
	failure_hint(why, "copy it as its owner, or as a role with bypassrls");
	return STATUS_FAIL;
}

status
relation_check(const struct pg_table *t, const char *name, bool hypertable,
    const struct pg *pg, bool standby, struct failure *why)
{
	status s;

	if (!t->exists)
		return failure_set(why, STATUS_FAIL, "table %s does not exist",
		    name);
	s = hypertable ? STATUS_OK : check_timescale(t, name, why);
	if (s == STATUS_OK)
		s = check_kind(t, name, why);
	if (s == STATUS_OK)
		s = check_persistence(t, name, standby, why);
	if (s == STATUS_OK)
		s = check_policies(t, name, pg, why);
	return s;
}

static status
lock(struct pg *pg, const struct pg_table *t, const char *name,
    struct failure *why)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql, "lock table only ");
	sql_name(&sql, t->schema, t->name);
	sql_add(&sql, " in access share mode");
	if (pg_run(pg, NULL, &sql, NULL) == STATUS_OK)
		return STATUS_OK;
	(void)failure_from_pg(why, pg, "lock %s", name);
	if (str_eq(why->sqlstate, "55P03"))
		failure_hint(why,
		    "another session holds a lock on it; "
		    "--lock-timeout says how long to wait");
	return why->class;
}

/*
 * The snapshot's row of pg_class beside what holds now: to_regclass and
 * pg_relation_filenode look past the snapshot.  What else a column may become
 * without a rewrite, a longer varchar say, sends the same values.
 */
static status
unchanged(struct pg *pg, const struct pg_table *t, const char *name,
    struct failure *why)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct str quoted CLEANUP(str_free) = STR_INIT;
	struct str oid CLEANUP(str_free) = STR_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;

	sql_show_name(&quoted, t->schema, t->name);
	str_addf(&oid, "%" PRIu32, t->oid);
	sql_add(&sql, "select coalesce(pg_catalog.to_regclass(");
	sql_param(&sql, str_text(&quoted));
	sql_add(&sql, ")::pg_catalog.oid = c.oid, false),");
	sql_add(&sql, " coalesce(pg_catalog.pg_relation_filenode(c.oid)");
	sql_add(&sql, " = c.relfilenode, false), ");
	pg_table_add_renamed(&sql);
	sql_add(&sql, " from pg_catalog.pg_class as c where c.oid = ");
	sql_param(&sql, str_text(&oid));
	sql_add(&sql, "::pg_catalog.oid");
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK)
		return failure_from_pg(why, pg, "look at %s", name);
	if (pg_rows(r) == 0 || !pg_true(r, 0, 0))
		return failure_set(why, STATUS_RETRY,
		    "%s was renamed or replaced after the snapshot was taken",
		    name);
	if (!pg_true(r, 0, 1))
		return failure_set(why, STATUS_RETRY,
		    "%s was truncated or rewritten after the snapshot was "
		    "taken",
		    name);
	if (pg_true(r, 0, 2))
		return failure_set(why, STATUS_RETRY,
		    "columns of %s were renamed, dropped or replaced after "
		    "the snapshot was taken",
		    name);
	return STATUS_OK;
}

status
relation_hold(struct pg *pg, const struct pg_table *t, const char *name,
    struct failure *why)
{
	status s = lock(pg, t, name, why);

	if (s == STATUS_OK)
		s = unchanged(pg, t, name, why);
	if (s == STATUS_RETRY && !pg_broken(pg) && why->hint == NULL)
		failure_hint(why, "copy it again under a new snapshot");
	return s;
}
