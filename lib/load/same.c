/* SPDX-License-Identifier: PostgreSQL */
/*
 * Asking the target whether it knows the source's snapshot.
 */
#include "load/same.h"

/* A snapshot's id is text in a statement that takes no parameters. */
static bool
knows(struct pg *pg, const char *snapshot)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	bool known;

	sql_add(&q, "set transaction snapshot ");
	sql_value(&q, snapshot);
	known = pg_do(pg, NULL, "begin isolation level repeatable read") ==
		STATUS_OK &&
	    pg_run(pg, NULL, &q, NULL) == STATUS_OK;
	if (!pg_broken(pg) && pg_do(pg, NULL, "rollback") != STATUS_OK)
		return false;
	return known;
}

status
same_check(struct load *load, struct failure *f)
{
	const struct source *from = &load->run.source;
	struct pg *pg = load->control;
	const char *system = pg_system(pg);

	load->same = false;
	if (system == NULL || !str_eq(system, from->system) ||
	    !str_eq(pg_database(pg), from->database))
		return STATUS_OK;
	/* A standby follows what is done to its primary. */
	load->same = from->standby
	    ? from->timeline == (int64_t)pg_timeline(pg)
	    : from->snapshot != NULL && knows(pg, from->snapshot);
	if (pg_broken(pg))
		return failure_from_pg(f, pg, "look at the target");
	return STATUS_OK;
}
