/* SPDX-License-Identifier: PostgreSQL */
/*
 * The end of an archive: is the run finished with it?
 *
 * A whole list of chunks that has come once is remembered ("listed").  From
 * then on the run is finished as soon as no failure is open and no relation
 * lacks slices.  A list that is short on purpose finishes only what was
 * begun with it or what it covers, so that loading again three chunks of a
 * run that broke off does not end that run.
 */
#include "load/run.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"

static status
set_listed(const struct run *run, struct pg *pg, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "update ");
	run_table(run, &q, "run");
	sql_add(&q, " set listed = pg_catalog.clock_timestamp()");
	sql_add(&q, " where id = ");
	run_param(&q, run->id);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

/* What failed before and is not in the list any more is no work. */
static status
forget_failed(const struct run *run, struct pg *pg, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "delete from ");
	run_table(run, &q, "failed");
	sql_add(&q, " where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and process <> ");
	sql_param(&q, run->process);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

struct standing {
	bool listed;
	int64_t chunks, failed, lacking, lacking_ours, snapshots;
	char *lacks; /* a relation that lacks slices, or NULL */
};

static status
look(const struct run *run, struct pg *pg, struct standing *out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select r.listed is not null, c.chunks,");
	sql_add(&q, " (select pg_catalog.count(*) from ");
	run_table(run, &q, "failed");
	sql_add(&q, " as f where f.run = r.id),");
	sql_add(&q, " s.lacking, s.ours, c.snapshots, s.lacks from ");
	run_table(run, &q, "run");
	sql_add(&q, " as r cross join lateral (");
	sql_add(&q, "select pg_catalog.count(*) as chunks,");
	sql_add(&q, " pg_catalog.count(distinct");
	sql_add(&q, " (k.snapshot, k.pg_snapshot)) as snapshots from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as k where k.run = r.id) as c");
	sql_add(&q, " cross join lateral (");
	sql_add(&q, "select pg_catalog.count(*) as lacking,");
	sql_add(&q, " pg_catalog.count(*) filter (where i.identity = ");
	sql_param(&q, run->source.identity);
	sql_add(&q, ") as ours, pg_catalog.min(pg_catalog.format('%I.%I',");
	sql_add(&q, " i.target_schema, i.target_table)) as lacks from ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as i where i.run = r.id and i.completed is null)");
	sql_add(&q, " as s where r.id = ");
	run_param(&q, run->id);
	s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK || pg_rows(r) != 1)
		return s;
	out->listed = pg_true(r, 0, 0);
	out->chunks = pg_int(r, 0, 1);
	out->failed = pg_int(r, 0, 2);
	out->lacking = pg_int(r, 0, 3);
	out->lacking_ours = pg_int(r, 0, 4);
	out->snapshots = pg_int(r, 0, 5);
	if (pg_value(r, 0, 6) != NULL)
		out->lacks = mem_strdup(pg_value(r, 0, 6));
	return STATUS_OK;
}

/* May the run end with this list? */
static bool
covers(const struct run *run, const struct run_outcome *o,
    const struct standing *now)
{
	if (now->failed > 0 || o->unrecorded)
		return false;
	if (!o->partial)
		return now->lacking_ours == 0;
	return now->lacking == 0 &&
	    (now->listed || run->begun || now->chunks == (int64_t)o->answered);
}

static status
set_finished(const struct run *run, struct pg *pg, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "update ");
	run_table(run, &q, "run");
	sql_add(&q, " set finished = pg_catalog.clock_timestamp()");
	sql_add(&q, " where id = ");
	run_param(&q, run->id);
	sql_add(&q, " and finished is null");
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

static void
say(const struct run *run, const struct run_outcome *o,
    const struct standing *now, bool finished, bool alone)
{
	if (now->snapshots > 1) {
		log_warning("the tables of run \"%s\" come from %" PRId64
			    " different snapshots",
		    run->name, now->snapshots);
		log_hint("--restart loads them all again, from one.");
	}
	if (finished && now->lacking > 0)
		log_warning("%s was begun by an earlier pipeline of run "
			    "\"%s\" and is not whole; this one did not list it",
		    now->lacks, run->name);
	if (finished)
		return;
	if (!alone)
		log_info("run \"%s\" goes on: another process is loading in "
			 "it",
		    run->name);
	else if (now->failed > 0 || o->unrecorded)
		log_info("run \"%s\" is not finished: %" PRId64 " chunk%s "
			 "failed",
		    run->name, now->failed, now->failed == 1 ? "" : "s");
	else if (now->lacking > 0)
		log_info("run \"%s\" is not finished: %s lacks slices",
		    run->name, now->lacks);
	else
		log_info("run \"%s\" is not finished: its whole list has not "
			 "come yet",
		    run->name);
}

static status
judge(const struct run *run, struct pg *pg, const struct run_outcome *o,
    struct standing *now, bool *finished, bool *alone, struct failure *f)
{
	char *what CLEANUP_FREE = mem_printf("run %" PRId64, run->id);
	status s;

	*finished = false;
	s = run_try_lock(pg, what, false, alone, f);
	if (s == STATUS_OK && o->whole && !o->partial && !o->unrecorded) {
		s = set_listed(run, pg, f);
		if (s == STATUS_OK && *alone)
			s = forget_failed(run, pg, f);
	}
	if (s == STATUS_OK)
		s = look(run, pg, now, f);
	if (s == STATUS_OK && o->whole && *alone && covers(run, o, now)) {
		s = set_finished(run, pg, f);
		*finished = s == STATUS_OK;
	}
	if (s == STATUS_OK && *alone)
		s = run_unlock(pg, what, false, f);
	return s;
}

status
run_end(const struct run *run, struct pg *pg, const struct run_outcome *o,
    struct failure *f)
{
	struct standing now = {.lacks = NULL};
	bool finished = false, alone = false;
	status s;

	if (run->schema == NULL)
		return STATUS_OK;
	s = failure_do(f, pg, "begin read write", "end run \"%s\"", run->name);
	if (s == STATUS_OK)
		s = judge(run, pg, o, &now, &finished, &alone, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "commit", "end run \"%s\"", run->name);
	if (s == STATUS_OK)
		say(run, o, &now, finished, alone);
	free(now.lacks);
	return s;
}
