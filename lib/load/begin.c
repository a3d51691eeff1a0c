/* SPDX-License-Identifier: PostgreSQL */
/*
 * The transaction that begins a relation that comes in slices: it clears,
 * and says so in the ledger.
 */
#include "load/unit.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/attach.h"
#include "load/clear.h"
#include "load/index.h"
#include "load/target.h"
#include "load/unlogged.h"

/* Appends the condition for chunk rows of one set of slices. */
static void
where_slices(struct sql *q, const struct job *job, int64_t run,
    const char *within)
{
	sql_add(q, " where run = ");
	run_param(q, run);
	entry_where_target(q, job);
	sql_add(q, " and slice is not null");
	sql_add(q, " and slice ->> 'within' is not distinct from ");
	sql_param(q, within);
}

/* --- beginning ---------------------------------------------------------------------------- */

/* A relation that was small came as one chunk in this run. */
static status
loaded_whole(struct pg *pg, const struct job *job, uint32_t target, bool *out,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as c where run = ");
	run_param(&q, run->id);
	entry_where_target(&q, job);
	sql_add(&q, " and not (");
	unlogged_chunk_gone(&q, run, job->load->options->mode == LOAD_REPLACE);
	sql_add(&q, ")");
	sql_add(&q,
	    " and slice is null and replaced is null and target_oid = ");
	run_param(&q, target);
	sql_add(&q, " and predicate is not distinct from ");
	sql_param(&q, job->chunk.within);
	sql_add(&q, " and source_schema = ");
	sql_param(&q, job->chunk.schema);
	sql_add(&q, " and source_table = ");
	sql_param(&q, job->chunk.table);
	s = failure_run(f, pg, &q, &r, "read the ledger");
	*out = s == STATUS_OK && pg_rows(r) > 0;
	return s;
}

static status
forget_slices(struct pg *pg, const struct job *job, int64_t run,
    const char *within, int64_t id, struct failure *f)
{
	struct sql chunks CLEANUP_SQL = SQL_INIT, row CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&chunks, "delete from ");
	run_table(&job->load->run, &chunks, "chunk");
	where_slices(&chunks, job, run, within);
	s = failure_run(f, pg, &chunks, NULL, "write the ledger");
	sql_add(&row, "delete from ");
	run_table(&job->load->run, &row, "sliced");
	sql_add(&row, " where id = ");
	run_param(&row, id);
	return s == STATUS_OK
	    ? failure_run(f, pg, &row, NULL, "write the ledger")
	    : s;
}

/* What this run says of the target: as one chunk, as slices (whose rows
 * another run may have cleared since), and its failures. */
static status
forget_own(struct pg *pg, const struct job *job, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql chunks CLEANUP_SQL = SQL_INIT, failed CLEANUP_SQL = SQL_INIT;
	struct sql slices CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&slices, "delete from ");
	run_table(run, &slices, "chunk");
	where_slices(&slices, job, run->id, job->chunk.within);
	s = failure_run(f, pg, &slices, NULL, "write the ledger");
	if (s != STATUS_OK)
		return s;

	sql_add(&chunks, "delete from ");
	run_table(run, &chunks, "chunk");
	sql_add(&chunks, " where run = ");
	run_param(&chunks, run->id);
	entry_where_target(&chunks, job);
	sql_add(&chunks, " and slice is null");
	sql_add(&chunks, " and predicate is not distinct from ");
	sql_param(&chunks, job->chunk.within);
	s = failure_run(f, pg, &chunks, NULL, "write the ledger");
	sql_add(&failed, "delete from ");
	run_table(run, &failed, "failed");
	sql_add(&failed, " where run = ");
	run_param(&failed, run->id);
	entry_where_target(&failed, job);
	return s == STATUS_OK
	    ? failure_run(f, pg, &failed, NULL, "write the ledger")
	    : s;
}

static status
mixed(const struct job *job, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "%s comes in more than one way under one snapshot: in slices, and "
	    "whole or within other bounds",
	    job->target);
	failure_hint(f, "List a relation once.");
	return STATUS_FAIL;
}

static status
cannot_redo(const struct job *job, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "%s was filled in part under another snapshot, and --mode append "
	    "cannot begin it anew",
	    job->target);
	failure_hint(f, "Delete those rows and begin with --restart.");
	return STATUS_FAIL;
}

/* Complete, and not what comes now: nothing happens to it. */
static bool
is_history(const struct pg_result *r, int i)
{
	return pg_true(r, i, UNIT_COMPLETED) && !pg_true(r, i, UNIT_MINE);
}

/*
 * Unfinished slices that what comes now takes the place of.  Whatever run
 * they are of, their rows lie in the table: they are cleared, too.
 */
static status
supersede(struct pg *pg, const struct job *job, const struct pg_result *r,
    bool sliced, struct sliced_rest *rest, struct failure *f)
{
	enum load_mode mode = job->load->options->mode;
	status s = STATUS_OK;
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		bool same_run = pg_true(r, i, UNIT_SAME_RUN);
		const char *within = pg_value(r, i, UNIT_WITHIN);

		if (is_history(r, i))
			continue;
		if (same_run && pg_true(r, i, UNIT_IDENTITY) &&
		    !pg_true(r, i, UNIT_COMPLETED) &&
		    !(sliced && pg_true(r, i, UNIT_MINE)))
			return mixed(job, f);
		if (mode == LOAD_APPEND && same_run &&
		    !pg_true(r, i, UNIT_COMPLETED) && !pg_true(r, i, UNIT_GONE))
			return cannot_redo(job, f);
		if (mode != LOAD_REPLACE && !same_run)
			continue;
		if (mode == LOAD_REPLACE && within == NULL)
			rest->whole = true;
		else if (mode == LOAD_REPLACE)
			strv_add(&rest->predicates, within);
		s = forget_slices(pg, job, pg_int(r, i, UNIT_RUN), within,
		    pg_int(r, i, UNIT_ID), f);
	}
	return s;
}

static status
drop_indexes(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	struct index_list list CLEANUP(index_list_free) = INDEX_LIST_INIT;
	struct index_list before CLEANUP(index_list_free) = INDEX_LIST_INIT;
	status s;

	/* Without a ledger nobody would know how to build them again. */
	if (job->load->options->keep_indexes || job->load->run.schema == NULL)
		return STATUS_OK;
	/* Those that were built by hand meanwhile do not wait twice. */
	s = index_deferred(pg, job, &before, f);
	if (s == STATUS_OK)
		s = index_drop(pg, job, t, &list, f);
	return s == STATUS_OK ? index_defer(pg, job, &list, f) : s;
}

static status
clear(struct pg *pg, const struct job *job, const struct target *t,
    const struct sliced_rest *rest, struct failure *f)
{
	bool whole = rest->whole || job->chunk.within == NULL;
	struct cleared cleared;
	bool any = false;
	status s;
	size_t i;

	if (whole) {
		s = clear_whole(pg, job, t, false, &cleared, f);
		if (s == STATUS_OK)
			s = entry_replace(pg, job, true, NULL, f);
		if (s == STATUS_OK)
			s = entry_disturb(pg, job, true, f);
		return s == STATUS_OK && cleared.exclusive
		    ? drop_indexes(pg, job, t, f)
		    : s;
	}
	s = clear_range(pg, job, t, job->chunk.within, &any, f);
	if (s == STATUS_OK)
		s = entry_replace(pg, job, false, job->chunk.within, f);
	for (i = 0; s == STATUS_OK && i < rest->predicates.len; i++)
		s = clear_range(pg, job, t, rest->predicates.data[i], &any, f);
	return s == STATUS_OK && any ? entry_disturb(pg, job, false, f) : s;
}

static status
insert_row(struct pg *pg, const struct job *job, const struct target *t,
    int64_t *id, struct failure *f)
{
	const struct run *run = &job->load->run;
	const char *const values[] = {run->source.system, run->source.database,
	    job->chunk.schema, job->chunk.table, job->schema, job->table,
	    job->chunk.within, run->source.identity};
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	size_t i;

	sql_add(&q, "insert into ");
	run_table(run, &q, "sliced");
	sql_add(&q, " (run, target_oid, system, database, source_schema,");
	sql_add(&q, " source_table, target_schema, target_table, within,");
	sql_add(&q, " identity) values (");
	run_param(&q, run->id);
	sql_add(&q, ", ");
	run_param(&q, t->table.oid);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		sql_add(&q, ", ");
		sql_param(&q, values[i]);
	}
	sql_add(&q, ") returning id");
	s = failure_run(f, pg, &q, &r, "write the ledger");
	*id = s == STATUS_OK ? pg_int(r, 0, 0) : 0;
	return s;
}

static status
begin_anew(struct pg *pg, struct job *job, struct target *t,
    const struct pg_result *rows, struct unit *out, struct failure *f)
{
	struct sliced_rest rest = {false, STRV_INIT};
	status s = STATUS_OK;

	if (rows != NULL) {
		s = supersede(pg, job, rows, true, &rest, f);
		if (s == STATUS_OK)
			s = forget_own(pg, job, f);
	}
	if (s == STATUS_OK && job->load->options->mode == LOAD_REPLACE)
		s = clear(pg, job, t, &rest, f);
	else if (s == STATUS_OK)
		s = unit_refuse_unsettled(pg, job, t,
		    rows != NULL && unit_mine(rows) >= 0, f);
	strv_free(&rest.predicates);
	if (s == STATUS_OK && t->created)
		s = rows == NULL ? attach_now(pg, job, t, f)
				 : attach_later(pg, job, t, f);
	if (s == STATUS_OK && rows != NULL)
		s = insert_row(pg, job, t, &out->id, f);
	if (s == STATUS_OK && rows != NULL && t->unlogged)
		s = unlogged_mark_sliced(pg, job, out->id, f);
	/* Not emptied for rows that will not fit. */
	return s == STATUS_OK ? target_hold(pg, job, t, f) : s;
}

/* The target as it is, or new. */
static status
open_target(struct pg *pg, struct job *job, struct target *t, bool *raced,
    struct failure *f)
{
	status s = target_open(pg, job, t, f);

	if (s == STATUS_OK)
		s = t->table.exists ? attach_check(pg, job, t, f)
				    : attach_create(pg, job, t, raced, f);
	if (s == STATUS_OK)
		s = target_check(pg, job, t, f);
	if (s == STATUS_OK)
		target_warn(job, t);
	return s;
}

/* With the ledger: is it there already, in part or in whole? */
static status
decide(struct pg *pg, struct job *job, struct target *t, struct unit *out,
    struct failure *f)
{
	struct pg_result *rows CLEANUP_RESULT = NULL;
	bool whole = false;
	status s;
	int i;

	s = unit_rows(pg, job, job->chunk.within, true, &rows, f);
	if (s != STATUS_OK)
		return s;
	i = unit_mine(rows);
	if (i >= 0 && !pg_true(rows, i, UNIT_SOURCE))
		return failure_set(f, STATUS_FAIL,
		    "%s is filled from another relation in the same run",
		    job->target);
	if (i >= 0 && pg_int(rows, i, UNIT_TARGET) == t->table.oid &&
	    !pg_true(rows, i, UNIT_GONE)) {
		out->id = pg_int(rows, i, UNIT_ID);
		out->complete = pg_true(rows, i, UNIT_COMPLETED);
		if (out->complete)
			return STATUS_OK;
		if (pg_true(rows, i, UNIT_IDENTITY))
			return unit_coverage(pg, job, out->id, &out->coverage,
			    f);
	}
	if (i < 0) {
		s = loaded_whole(pg, job, t->table.oid, &whole, f);
		if (s != STATUS_OK || whole) {
			out->complete = true;
			return s;
		}
	}
	return begin_anew(pg, job, t, rows, out, f);
}

static status
try_begin(struct pg *pg, struct job *job, struct unit *out, bool *raced,
    struct failure *f)
{
	struct target t CLEANUP(target_free) = {0};
	status s =
	    failure_do(f, pg, "begin read write", "begin %s", job->target);

	*raced = false;
	if (s == STATUS_OK)
		s = open_target(pg, job, &t, raced, f);
	out->target = t.table.oid;
	if (s == STATUS_OK)
		s = job->load->run.schema == NULL
		    ? begin_anew(pg, job, &t, NULL, out, f)
		    : decide(pg, job, &t, out, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "commit", "begin %s", job->target);
	*raced = *raced || t.changed;
	if (s != STATUS_OK)
		failure_roll_back(pg);
	return s;
}

status
unit_begin(struct pg *pg, struct job *job, struct unit *out, struct failure *f)
{
	bool raced;
	status s = try_begin(pg, job, out, &raced, f);

	/* Somebody made the partition meanwhile, or altered the table. */
	return s != STATUS_OK && raced ? try_begin(pg, job, out, &raced, f) : s;
}

/* --- in place of slices ------------------------------------------------------------------- */

/* Rows are locked only if there is one that counts: parts of a table would
 * wait for each other. */
static status
rows_to_precede(struct pg *pg, const struct job *job, struct pg_result **out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = unit_rows(pg, job, job->chunk.where, false, &r, f);
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++)
		if (!is_history(r, i))
			return unit_rows(pg, job, job->chunk.where, true, out,
			    f);
	*out = r;
	r = NULL;
	return s;
}

status
sliced_precede(struct pg *pg, struct job *job, uint32_t target, bool *complete,
    struct entry *out, struct sliced_rest *rest, struct failure *f)
{
	struct pg_result *rows CLEANUP_RESULT = NULL;
	status s;
	int i;

	*complete = false;
	if (job->load->run.schema == NULL)
		return STATUS_OK;
	s = rows_to_precede(pg, job, &rows, f);
	if (s != STATUS_OK)
		return s;
	i = unit_mine(rows);
	if (i >= 0 && pg_true(rows, i, UNIT_COMPLETED) &&
	    pg_true(rows, i, UNIT_SOURCE) && !pg_true(rows, i, UNIT_GONE) &&
	    pg_int(rows, i, UNIT_TARGET) == target) {
		*complete = true;
		return unit_sum(pg, job, out, f);
	}
	return supersede(pg, job, rows, false, rest, f);
}
