/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one question about TimescaleDB's shape.
 */
#include "chunk/timescale.h"

#include "base/log.h"

#define TRIES_MAX 20

/* The columns of the statement of ask. */
enum { LOOK_VERSION, LOOK_FIT, LOOK_APACHE, LOOK_CONSTRAINTS };

static status
ask(struct pg *pg, struct pg_result **out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql, "select e.extversion,\n");
	/* All that 2.14 has; the settings of single chunks are the newest. */
	sql_add(&sql, "pg_catalog.to_regprocedure('_timescaledb_functions");
	sql_add(&sql, ".show_chunk(pg_catalog.regclass)') is not null\n");
	sql_add(&sql, "and exists (select\n");
	sql_add(&sql, "from pg_catalog.pg_attribute a where a.attrelid =\n");
	sql_add(&sql, "pg_catalog.to_regclass('_timescaledb_catalog");
	sql_add(&sql, ".compression_settings')\n");
	sql_add(&sql, "and a.attname = 'relid'),\n");
	sql_add(&sql, "pg_catalog.current_setting(\n");
	sql_add(&sql, "'timescaledb.license', true) = 'apache',\n");
	sql_add(&sql, "pg_catalog.to_regclass('_timescaledb_catalog");
	sql_add(&sql, ".chunk_constraint') is not null\n");
	sql_add(&sql, "from pg_catalog.pg_extension e\n");
	sql_add(&sql, "where e.extname = 'timescaledb'\n");
	return pg_run(pg, "look at TimescaleDB", &sql, out);
}

/* What the request cannot do without, or NULL. */
static const char *
needed_for(const struct request *request)
{
	if (request->caggs)
		return "--caggs";
	if (request->cascade_up)
		return "--cascade-up";
	return request->cascade_down ? "--cascade-down" : NULL;
}

static status
absent(struct pg *pg, const struct request *request)
{
	const char *option = needed_for(request);

	if (option == NULL)
		return STATUS_OK;
	log_error("%s is about TimescaleDB, which database \"%s\" does not "
		  "have",
	    option, pg_database(pg));
	return STATUS_USAGE;
}

status
timescale_look(struct pg *pg, const struct request *request,
    struct timescale *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = ask(pg, &r);

	*out = (struct timescale){false, SLICES_SHOWN};
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) == 0)
		return absent(pg, request);
	if (!pg_true(r, 0, LOOK_FIT)) {
		log_error("TimescaleDB %s is not supported",
		    pg_value(r, 0, LOOK_VERSION));
		log_hint("pg-chunks needs version 2.14 or later");
		return STATUS_FAIL;
	}
	out->present = true;
	if (pg_true(r, 0, LOOK_APACHE))
		out->slices = pg_true(r, 0, LOOK_CONSTRAINTS)
		    ? SLICES_APACHE_BEFORE
		    : SLICES_APACHE;
	return STATUS_OK;
}

/* "chunk not found", or "cache lookup failed", which is an internal error. */
static bool
is_gone(const struct pg *pg)
{
	const char *sqlstate = pg_last_error(pg)->sqlstate;

	return str_eq(sqlstate, "42704") || str_eq(sqlstate, "XX000");
}

bool
timescale_again(struct pg *pg, status result, int *tries, const char *savepoint)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (result == STATUS_OK || pg_broken(pg) || ++*tries >= TRIES_MAX ||
	    !is_gone(pg))
		return false;
	log_verbose("once more: %s", pg_last_error(pg)->message);
	sql_add(&sql, "rollback to savepoint ");
	sql_ident(&sql, savepoint);
	return pg_run(pg, "go back to a savepoint", &sql, NULL) == STATUS_OK;
}
