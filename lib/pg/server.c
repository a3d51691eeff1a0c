/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who the server is.  The functions that tell may be forbidden (managed
 * services): that is asked first, because a refused statement would end the
 * caller's transaction.
 */
#include "pg/private.h"

#include <string.h>

#include "base/mem.h"

static void
ask_system(struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql,
	    "select pg_catalog.has_function_privilege("
	    "'pg_catalog.pg_control_system()', 'execute')"
	    " and pg_catalog.has_function_privilege("
	    "'pg_catalog.pg_control_checkpoint()', 'execute')");
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK || !pg_true(r, 0, 0)) {
		return;
	}
	pg_result_cleanup(&r);
	sql_clear(&sql);
	/* While a primary runs, the name of its current WAL file knows the
	 * timeline earlier than its last checkpoint does. */
	sql_add(&sql,
	    "select s.system_identifier, case"
	    " when pg_catalog.pg_is_in_recovery() then c.timeline_id"
	    " else ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name("
	    "pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int4"
	    " end"
	    " from pg_catalog.pg_control_system() s,"
	    " pg_catalog.pg_control_checkpoint() c");
	if (pg_run(pg, NULL, &sql, &r) == STATUS_OK && pg_rows(r) == 1) {
		pg->system = mem_strdup(pg_value(r, 0, 0));
		pg->timeline = (uint32_t)pg_int(r, 0, 1);
	}
}

const char *
pg_system(struct pg *pg)
{
	if (pg->asked_system == PG_UNKNOWN) {
		ask_system(pg);
		pg->asked_system = pg->system == NULL ? PG_NO : PG_YES;
	}
	return pg->system;
}

uint32_t
pg_timeline(struct pg *pg)
{
	(void)pg_system(pg);
	return pg->timeline;
}

bool
pg_standby(struct pg *pg)
{
	if (pg->standby == PG_UNKNOWN) {
		struct pg_result *r CLEANUP_RESULT = NULL;
		struct sql sql CLEANUP_SQL = SQL_INIT;

		sql_add(&sql, "select pg_catalog.pg_is_in_recovery()");
		if (pg_run(pg, NULL, &sql, &r) != STATUS_OK) {
			return false;
		}
		pg->standby = pg_true(r, 0, 0) ? PG_YES : PG_NO;
	}
	return pg->standby == PG_YES;
}
