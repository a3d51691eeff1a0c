/* SPDX-License-Identifier: PostgreSQL */
/*
 * Asking the target whether it knows the source's snapshot.
 */
#include "load/same.h"

#include "base/num.h"

/* Seconds by which a shell may start one end of a pipe before the other. */
#define FORK_APART 1.0

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

/*
 * A short copy may be over before it is asked for its snapshot.  What the
 * same server, since its start, has sent no earlier than we began comes from
 * a copy that runs beside us; what it sent before is an archive, which may be
 * loaded where it was taken.
 */
static status
just_sent(struct load *load, bool *just)
{
	const struct source *from = &load->run.source;
	double age = num_now() - load->begun + FORK_APART;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	*just = false;
	if (from->started == NULL || from->clock == NULL || load->stored)
		return STATUS_OK;
	sql_add(&q, "select pg_catalog.pg_postmaster_start_time() = ");
	sql_param(&q, from->started);
	sql_add(&q, "::pg_catalog.timestamptz and ");
	sql_param(&q, from->clock);
	sql_add(&q, "::pg_catalog.timestamptz > pg_catalog.clock_timestamp()");
	sql_add(&q, " - ");
	sql_int(&q, (int64_t)(age * 1000));
	sql_add(&q, " * interval '1 millisecond'");
	s = pg_run(load->control, NULL, &q, &r);
	if (s == STATUS_OK)
		*just = pg_true(r, 0, 0);
	return s;
}

status
same_check(struct load *load, struct failure *f)
{
	const struct source *from = &load->run.source;
	struct pg *pg = load->control;
	const char *system = pg_system(pg);
	/* Where the system may not be asked, the clock still tells. */
	bool known = system != NULL && from->system != NULL;
	bool same = false;
	status s = STATUS_OK;

	load->same = false;
	if (!str_eq(pg_database(pg), from->database) ||
	    (known && !str_eq(system, from->system)))
		return STATUS_OK;
	if (known && from->standby)
		/* A standby follows what is done to its primary. */
		same = from->timeline == (int64_t)pg_timeline(pg);
	else if (known && from->snapshot != NULL)
		same = knows(pg, from->snapshot);
	if (!same && !pg_broken(pg))
		s = just_sent(load, &same);
	load->same = same;
	return s == STATUS_OK && !pg_broken(pg)
	    ? STATUS_OK
	    : failure_from_pg(f, pg, "look at the target");
}
