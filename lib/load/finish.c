/* SPDX-License-Identifier: PostgreSQL */
/*
 * The end of an archive: is the run finished with it?
 *
 * A whole list of chunks that has come once is remembered ("listed").  From
 * then on the run is finished as soon as no failure is open, no relation
 * lacks slices and nobody loads in it any more: by the last process, whose
 * list ever that was.  A list that is short on purpose finishes only what was
 * begun with it or what it covers, so that loading again three chunks of a
 * run that broke off does not end that run.
 */
#include "load/run.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/unit.h"
#include "load/unlogged.h"

/*
 * Of several processes that end, and of one that ends and one that begins,
 * one at a time looks who else is there.
 */
static status
one_at_a_time(const struct run *run, struct pg *pg, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select from ");
	run_table(run, &q, "run");
	sql_add(&q, " where id = ");
	run_param(&q, run->id);
	sql_add(&q, " for no key update");
	return failure_run(f, pg, &q, NULL, "read the ledger");
}

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
	int64_t waiting;   /* indexes of relations that lack slices */
	char *lacks;	   /* such a relation, or NULL */
	int64_t gone;	   /* chunks that a crash of the target has taken */
	char *empty;	   /* a table that they were in, or NULL */
	int64_t unsettled; /* relations that have all slices, and wait */
	char *waits;	   /* such a relation, or NULL */
};

/* Relations that lack slices, and what of their indexes waits for those. */
static void
add_lacking(const struct run *run, struct sql *q)
{
	sql_add(q, "select pg_catalog.count(*) as lacking,");
	sql_add(q, " pg_catalog.count(*) filter (where i.identity = ");
	sql_param(q, run->source.identity);
	sql_add(q, ") as ours, pg_catalog.min(pg_catalog.format('%I.%I',");
	sql_add(q, " i.target_schema, i.target_table)) as lacks,");
	sql_add(q, " pg_catalog.sum((select pg_catalog.count(*) from ");
	run_table(run, q, "deferred");
	sql_add(q, " as d where d.target_oid = i.target_oid))");
	sql_add(q, "::bigint as waiting from ");
	run_table(run, q, "sliced");
	sql_add(q, " as i where i.run = r.id and i.completed is null");
}

/* Rows that a crash has taken: of chunks, and of whole relations in slices. */
static void
add_gone(const struct run *run, struct sql *q)
{
	sql_add(q, "select pg_catalog.count(*) as gone, pg_catalog.min(");
	sql_add(q, "pg_catalog.format('%I.%I', g.target_schema,");
	sql_add(q, " g.target_table)) as empty from (");
	sql_add(q, "select c.target_schema, c.target_table from ");
	run_table(run, q, "chunk");
	sql_add(q, " as c where c.run = r.id and c.replaced is null and");
	unlogged_chunk_gone(q, run, false);
	sql_add(q, " union all select s.target_schema, s.target_table from ");
	run_table(run, q, "sliced");
	sql_add(q, " as s where s.run = r.id and s.completed is not null and");
	unlogged_sliced_gone(q, run, false);
	sql_add(q, ") as g");
}

/* Relations that have all their slices and are not attached or indexed. */
static void
add_unsettled(const struct run *run, struct sql *q)
{
	sql_add(q, "select pg_catalog.count(*) as unsettled,");
	sql_add(q, " pg_catalog.min(pg_catalog.format('%I.%I',");
	sql_add(q, " s.target_schema, s.target_table)) as waits from ");
	run_table(run, q, "sliced");
	sql_add(q, " as s where s.run = r.id and");
	unit_where_unsettled(q, run);
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

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
	sql_add(&q, " s.lacking, s.ours, c.snapshots, s.lacks,");
	sql_add(&q, " s.waiting, g.gone, g.empty, u.unsettled, u.waits from ");
	run_table(run, &q, "run");
	sql_add(&q, " as r cross join lateral (");
	sql_add(&q, "select pg_catalog.count(*) as chunks,");
	sql_add(&q, " pg_catalog.count(distinct");
	sql_add(&q, " (k.snapshot, k.pg_snapshot)) as snapshots from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as k where k.run = r.id) as c");
	sql_add(&q, " cross join lateral (");
	add_lacking(run, &q);
	sql_add(&q, ") as s cross join lateral (");
	add_gone(run, &q);
	sql_add(&q, ") as g cross join lateral (");
	add_unsettled(run, &q);
	sql_add(&q, ") as u where r.id = ");
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
	out->lacks = copy_of(pg_value(r, 0, 6));
	out->waiting = pg_int(r, 0, 7);
	out->gone = pg_int(r, 0, 8);
	out->empty = copy_of(pg_value(r, 0, 9));
	out->unsettled = pg_int(r, 0, 10);
	out->waits = copy_of(pg_value(r, 0, 11));
	return STATUS_OK;
}

/* May the run end with this list? */
static bool
covers(const struct run_outcome *o, const struct standing *now)
{
	if (now->failed > 0 || now->unsettled > 0 || o->unrecorded)
		return false;
	if (!o->partial)
		return now->lacking_ours == 0;
	return now->lacking == 0 &&
	    (now->listed || now->chunks == (int64_t)o->answered);
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
say_snapshots(const struct run *run, const struct run_outcome *o,
    const struct standing *now)
{
	if (now->snapshots <= 1)
		return;
	log_warning("the tables of run \"%s\" come from %" PRId64
		    " different snapshots",
	    run->name, now->snapshots);
	if (o->mode == LOAD_APPEND)
		log_hint("To have them from one, delete these rows and load "
			 "them all again with --restart.");
	else
		log_hint("--restart loads them all again, from one.");
}

static void
say_gone(const struct standing *now)
{
	if (now->gone == 0)
		return;
	log_warning("a crash of the target has emptied %s, which is unlogged, "
		    "since it was loaded",
	    now->empty);
	log_hint("Listing it again loads it again.");
}

/* "public.t and 2 other tables" */
static void
add_tables(struct str *text, const char *name, int64_t more)
{
	str_add(text, name);
	if (more > 0)
		str_addf(text, " and %" PRId64 " other table%s", more,
		    more == 1 ? "" : "s");
}

/* "... lack slices, and 5 indexes wait to be built then" */
static void
say_lacking(const struct run *run, const struct standing *now)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	int64_t more = now->lacking - 1;

	add_tables(&text, now->lacks, more);
	str_addf(&text, " lack%s slices", more > 0 ? "" : "s");
	if (now->waiting > 0)
		str_addf(&text, ", and %" PRId64 " index%s to be built then",
		    now->waiting, now->waiting == 1 ? " waits" : "es wait");
	log_info("run \"%s\" is not finished: %s", run->name, str_text(&text));
}

static void
say_unsettled(const struct run *run, const struct standing *now)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	bool many = now->unsettled > 1;

	add_tables(&text, now->waits, now->unsettled - 1);
	str_add(&text,
	    many ? " have all their rows and wait to be attached,"
		   " or for their indexes"
		 : " has all its rows and waits to be attached,"
		   " or for its indexes");
	log_info("run \"%s\" is not finished: %s", run->name, str_text(&text));
}

static void
say(const struct run *run, const struct run_outcome *o,
    const struct standing *now, bool finished, bool alone)
{
	bool failed = now->failed > 0 || o->unrecorded;

	say_snapshots(run, o, now);
	say_gone(now);
	if (finished)
		return;
	if (!alone)
		log_info("run \"%s\" goes on: another process is loading in "
			 "it",
		    run->name);
	else if (failed)
		log_info("run \"%s\" is not finished: %" PRId64 " chunk%s "
			 "failed",
		    run->name, now->failed, now->failed == 1 ? "" : "s");
	/* Indexes that are missing are worth a word of their own. */
	if (alone && (failed ? now->waiting : now->lacking) > 0)
		say_lacking(run, now);
	if (alone && now->unsettled > 0)
		say_unsettled(run, now);
	else if (alone && !failed && now->lacking == 0)
		log_info("run \"%s\" is not finished: its whole list has not "
			 "come yet",
		    run->name);
}

/* Has all come that the run was begun for? */
static bool
lists_all(const struct run *run, const struct run_outcome *o)
{
	return o->whole && !o->unrecorded && (!o->partial || run->begun);
}

/* Whether it goes on or not, it goes on without us. */
static status
judge(const struct run *run, struct pg *pg, const struct run_outcome *o,
    struct standing *now, bool *finished, bool *alone, struct failure *f)
{
	char *what CLEANUP_FREE = mem_printf("run %" PRId64, run->id);
	status s;

	*finished = false;
	s = one_at_a_time(run, pg, f);
	if (s == STATUS_OK)
		s = run_try_lock(pg, what, false, alone, f);
	if (s == STATUS_OK && lists_all(run, o)) {
		s = set_listed(run, pg, f);
		if (s == STATUS_OK && *alone && !o->partial)
			s = forget_failed(run, pg, f);
	}
	if (s == STATUS_OK)
		s = look(run, pg, now, f);
	if (s == STATUS_OK && o->whole && *alone && covers(o, now)) {
		s = set_finished(run, pg, f);
		*finished = s == STATUS_OK;
	}
	if (s == STATUS_OK && *alone)
		s = run_unlock(pg, what, false, f);
	return s == STATUS_OK ? run_unlock(pg, what, true, f) : s;
}

/* Who hands out the chunks of a shared run knows when it ends. */
static status
let_go(const struct run *run, struct pg *pg, struct failure *f)
{
	char *what CLEANUP_FREE = mem_printf("run %" PRId64, run->id);

	return run_unlock(pg, what, true, f);
}

status
run_end(const struct run *run, struct pg *pg, const struct run_outcome *o,
    bool *finished, struct failure *f)
{
	struct standing now = {.lacks = NULL};
	bool alone = false;
	status s;

	*finished = false;
	if (run->schema == NULL)
		return STATUS_OK;
	if (run->shared)
		return let_go(run, pg, f);
	s = failure_do(f, pg, "begin read write", "end run \"%s\"", run->name);
	if (s == STATUS_OK)
		s = judge(run, pg, o, &now, finished, &alone, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "commit", "end run \"%s\"", run->name);
	if (s == STATUS_OK)
		say(run, o, &now, *finished, alone);
	free(now.lacks);
	free(now.empty);
	free(now.waits);
	return s;
}
