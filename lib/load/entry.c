/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunk rows: claimed before a chunk's first row is sent, completed before
 * its commit.
 */
#include "load/entry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/unlogged.h"

void
entry_free(struct entry *e)
{
	free(e->digest);
	free(e->snapshot);
	free(e->pg_snapshot);
	free(e->lsn);
	memset(e, 0, sizeof(*e));
}

void
entry_where_target(struct sql *q, const struct job *job)
{
	sql_add(q, " and target_schema = ");
	sql_param(q, job->schema);
	sql_add(q, " and target_table = ");
	sql_param(q, job->table);
}

void
entry_target_oid(struct sql *q, const struct job *job)
{
	sql_add(q, "(select c.oid from pg_catalog.pg_class as c");
	sql_add(q, " join pg_catalog.pg_namespace as n");
	sql_add(q, " on n.oid = c.relnamespace where n.nspname = ");
	sql_param(q, job->schema);
	sql_add(q, " and c.relname = ");
	sql_param(q, job->table);
	sql_add(q, ")");
}

/* The chunk's slice as JSON text, or NULL; the caller frees. */
static char *
slice_text(const struct chunk *c)
{
	const json_t *slice = json_object_get(c->record, "slice");

	if (!json_is_object(slice))
		return NULL;
	return json_dumps(slice, JSON_COMPACT);
}

/* The place of a hypertable's chunk, or NULL; the caller frees. */
static char *
slices_text(const struct chunk *c)
{
	return c->hypertable ? json_dumps(c->slices, JSON_COMPACT) : NULL;
}

static const char *
relation_text(const struct chunk *c, const char *field)
{
	return record_text(json_object_get(c->record, "relation"), field);
}

/* --- claiming --------------------------------------------------------------------- */

static void
add_param(struct sql *q, const char *value)
{
	sql_add(q, ", ");
	sql_param(q, value);
}

static void
add_insert(struct sql *q, const struct job *job)
{
	const struct run *run = &job->load->run;
	const struct chunk *c = &job->chunk;
	char *slice CLEANUP_FREE = slice_text(c);
	char *slices CLEANUP_FREE = slices_text(c);

	sql_add(q, "insert into ");
	run_table(run, q, "chunk");
	sql_add(q, " (run, chunk, mode, system, database,");
	sql_add(q, " source_schema, source_table, source_oid,");
	sql_add(q, " source_filenode, target_schema, target_table,");
	sql_add(q, " predicate, slice, slices, snapshot, pg_snapshot, lsn)");
	sql_add(q, " select r.id");
	add_param(q, c->id);
	add_param(q, load_modes[job->load->options->mode]);
	add_param(q, run->source.system);
	add_param(q, run->source.database);
	add_param(q, c->schema);
	add_param(q, c->table);
	add_param(q, relation_text(c, "oid"));
	add_param(q, relation_text(c, "filenode"));
	add_param(q, job->schema);
	add_param(q, job->table);
	add_param(q, c->where);
	add_param(q, slice);
	sql_add(q, "::jsonb");
	add_param(q, slices);
	sql_add(q, "::jsonb");
	add_param(q, c->snapshot);
	add_param(q, record_text(c->record, "pg_snapshot"));
	add_param(q, record_text(c->record, "lsn"));
	sql_add(q, " from ");
	run_table(run, q, "run");
	sql_add(q, " as r where r.id = ");
	run_param(q, run->id);
	sql_add(q, " and r.finished is null and r.abandoned is null");
	sql_add(q, " on conflict (run, chunk) do nothing");
}

static status
insert(struct pg *pg, const struct job *job, bool *mine, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	add_insert(&q, job);
	s = failure_run(f, pg, &q, &r, "write the ledger");
	if (s == STATUS_RETRY && strcmp(f->sqlstate, "55P03") == 0)
		failure_hint(f, "Another process is loading the same chunk.");
	*mine = s == STATUS_OK && pg_affected(r) == 1;
	return s;
}

/*
 * Is what the rows went into still there?  A chunk of a hypertable was found
 * by its place and not by its name.
 */
static void
add_still_there(struct sql *q, const struct job *job)
{
	if (job->chunk.hypertable) {
		sql_add(q, "exists (select from pg_catalog.pg_class as k");
		sql_add(q, " where k.oid = c.target_oid)");
		return;
	}
	sql_add(q, "coalesce(c.target_oid = ");
	entry_target_oid(q, job);
	sql_add(q, ", false)");
}

/* The row that was in the way, and what of it differs from the chunk. */
static status
look(struct pg *pg, const struct job *job, struct pg_result **out,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	const struct chunk *c = &job->chunk;
	char *slice CLEANUP_FREE = slice_text(c);
	char *slices CLEANUP_FREE = slices_text(c);
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select c.source_schema, c.source_table,");
	sql_add(&q, " c.target_schema, c.target_table,");
	sql_add(&q, " c.predicate is not distinct from ");
	sql_param(&q, c->where);
	sql_add(&q, " and c.slice is not distinct from ");
	sql_param(&q, slice);
	sql_add(&q, "::jsonb, ");
	add_still_there(&q, job);
	sql_add(&q, ",");
	sql_add(&q, " c.rows, c.bytes, c.digest, c.snapshot,");
	sql_add(&q, " c.pg_snapshot, c.lsn, c.replaced is not null,");
	unlogged_chunk_gone(&q, run, job->load->options->mode == LOAD_REPLACE);
	sql_add(&q, ", c.slices is distinct from ");
	sql_param(&q, slices);
	sql_add(&q, "::jsonb from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as c where c.run = ");
	run_param(&q, run->id);
	sql_add(&q, " and c.chunk = ");
	sql_param(&q, c->id);
	return failure_run(f, pg, &q, out, "read the ledger");
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

/* A chunk id stands for one piece of work within a run. */
static status
judge(const struct job *job, const struct pg_result *r, struct failure *f)
{
	const struct chunk *c = &job->chunk;

	if (!str_eq(pg_value(r, 0, 0), c->schema) ||
	    !str_eq(pg_value(r, 0, 1), c->table))
		(void)failure_set(f, STATUS_FAIL,
		    "chunk \"%s\" was loaded in run \"%s\" from \"%s.%s\"",
		    c->id, job->load->run.name, pg_value(r, 0, 0),
		    pg_value(r, 0, 1));
	else if (!str_eq(pg_value(r, 0, 2), job->schema) ||
	    !str_eq(pg_value(r, 0, 3), job->table))
		(void)failure_set(f, STATUS_FAIL,
		    "chunk \"%s\" was loaded in run \"%s\" into \"%s.%s\"",
		    c->id, job->load->run.name, pg_value(r, 0, 2),
		    pg_value(r, 0, 3));
	else if (!pg_true(r, 0, 4))
		(void)failure_set(f, STATUS_FAIL,
		    "chunk \"%s\" was loaded in run \"%s\" with another "
		    "predicate or slice",
		    c->id, job->load->run.name);
	else if (pg_true(r, 0, 14) && job->load->options->mode == LOAD_APPEND)
		(void)failure_set(f, STATUS_FAIL,
		    "chunk \"%s\" was loaded in run \"%s\" with other bounds",
		    c->id, job->load->run.name);
	else
		return STATUS_OK;
	failure_hint(f, "Begin anew with --restart, or take another --run.");
	return STATUS_FAIL;
}

/* Rows that another run has cleared are not there, whoever was asked. */
static bool
is_cleared(const struct pg_result *r)
{
	return pg_true(r, 0, 12) || pg_true(r, 0, 13);
}

/* Is what was loaded to be loaded again?  NULL: no. */
static const char *
why_again(const struct pg_result *r)
{
	if (is_cleared(r))
		return "may have been cleared since";
	if (!pg_true(r, 0, 5))
		return "is not the same table any more";
	/* Merged or split at the source: it is another piece of work. */
	return pg_true(r, 0, 14) ? "with other bounds of the chunk" : NULL;
}

static status
forget(struct pg *pg, const struct job *job, const char *why, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	log_warning("%s was loaded in this run but %s; it is loaded again",
	    job->target, why);
	sql_add(&q, "delete from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and chunk = ");
	sql_param(&q, job->chunk.id);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

static void
read_entry(const struct pg_result *r, struct entry *e)
{
	e->rows = pg_value(r, 0, 6) == NULL ? -1 : pg_int(r, 0, 6);
	e->bytes = pg_value(r, 0, 7) == NULL ? -1 : pg_int(r, 0, 7);
	e->digest = copy_of(pg_value(r, 0, 8));
	e->snapshot = copy_of(pg_value(r, 0, 9));
	e->pg_snapshot = copy_of(pg_value(r, 0, 10));
	e->lsn = copy_of(pg_value(r, 0, 11));
}

status
entry_claim(struct pg *pg, const struct job *job, bool *mine,
    struct entry *loaded, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	const char *again;
	status s = insert(pg, job, mine, f);

	if (s != STATUS_OK || *mine)
		return s;
	s = look(pg, job, &r, f);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) == 0)
		return failure_set(f, STATUS_RETRY,
		    "run \"%s\" was ended by somebody else",
		    job->load->run.name);
	again = why_again(r);
	if (!is_cleared(r))
		s = judge(job, r, f);
	if (s != STATUS_OK)
		return s;
	if (again == NULL) {
		read_entry(r, loaded);
		return STATUS_OK;
	}
	s = forget(pg, job, again, f);
	return s == STATUS_OK ? insert(pg, job, mine, f) : s;
}

status
entry_finish(struct pg *pg, const struct job *job, uint32_t target,
    const struct entry *e, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "with passed as (delete from ");
	run_table(run, &q, "failed");
	sql_add(&q, " where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and chunk = ");
	sql_param(&q, job->chunk.id);
	sql_add(&q, ") update ");
	run_table(run, &q, "chunk");
	sql_add(&q, " set rows = ");
	run_param(&q, e->rows);
	sql_add(&q, ", bytes = ");
	run_param(&q, e->bytes);
	sql_add(&q, ", digest = ");
	sql_param(&q, e->digest);
	sql_add(&q, ", target_oid = ");
	if (job->chunk.hypertable)
		run_param(&q, target);
	else
		entry_target_oid(&q, job);
	sql_add(&q, ", loaded = pg_catalog.clock_timestamp()");
	sql_add(&q, " where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and chunk = ");
	sql_param(&q, job->chunk.id);
	sql_add(&q, " returning target_oid");
	s = failure_run(f, pg, &q, &r, "write the ledger");
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) != 1)
		return failure_set(f, STATUS_RETRY,
		    "the chunk's row has gone from the ledger");
	/* COPY has locked what had the name then, so it has it still. */
	return pg_int(r, 0, 0) == target ? STATUS_OK : entry_moved(job, f);
}

status
entry_moved(const struct job *job, struct failure *f)
{
	return failure_set(f, STATUS_RETRY,
	    "%s was renamed or replaced while rows were loaded", job->target);
}

status
entry_committed(struct pg *pg, const struct job *job, bool *committed,
    struct failure *f)
{
	bool inserted = false;
	status s = failure_do(f, pg, "begin", "look for the lost commit");

	if (s == STATUS_OK)
		s = insert(pg, job, &inserted, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "rollback", "look for the lost commit");
	*committed = s == STATUS_OK && !inserted;
	return s;
}

/* --- whose rows are in a table ---------------------------------------------------- */

status
entry_strangers(struct pg *pg, const struct job *job, uint32_t target,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (run->schema == NULL)
		return STATUS_OK;
	sql_add(&q, "select run = ");
	run_param(&q, run->id);
	sql_add(&q, ", source_schema, source_table,");
	sql_add(&q, " coalesce(database, ''), coalesce(system, 'unknown')");
	sql_add(&q, " from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " where replaced is null and target_oid = ");
	run_param(&q, target);
	entry_where_target(&q, job);
	sql_add(&q, " and (system <> ");
	sql_param(&q, run->source.system);
	sql_add(&q, " or database <> ");
	sql_param(&q, run->source.database);
	/* Chunks of a hypertable are told apart by their ranges. */
	if (!job->chunk.hypertable) {
		sql_add(&q, " or (run = ");
		run_param(&q, run->id);
		sql_add(&q, " and (source_schema, source_table) <> (");
		sql_param(&q, job->chunk.schema);
		sql_add(&q, "::text, ");
		sql_param(&q, job->chunk.table);
		sql_add(&q, "::text))");
	}
	sql_add(&q, ") order by 1 desc limit 1");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	if (pg_true(r, 0, 0) && !job->chunk.hypertable) {
		(void)failure_set(f, STATUS_FAIL,
		    "cannot clear %s for \"%s.%s\": it holds \"%s.%s\", "
		    "loaded in the same run",
		    job->target, job->chunk.schema, job->chunk.table,
		    pg_value(r, 0, 1), pg_value(r, 0, 2));
		failure_hint(f,
		    "--mode append loads several relations into "
		    "one.");
		return STATUS_FAIL;
	}
	if (run->restarted)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "cannot clear %s for %s: its rows are those of \"%s.%s\" in "
	    "database \"%s\" of system %s",
	    job->target, run->source.shown, pg_value(r, 0, 1),
	    pg_value(r, 0, 2), pg_value(r, 0, 3), pg_value(r, 0, 4));
	failure_hint(f,
	    "--restart clears them all the same; --map puts the "
	    "new ones elsewhere.");
	return STATUS_FAIL;
}

/* What says that rows are there and is not true any more. */
static void
add_others(struct sql *q, const struct job *job)
{
	sql_add(q, " where run <> ");
	run_param(q, job->load->run.id);
	entry_where_target(q, job);
	/* A hypertable is the target of all its chunks. */
	if (job->chunk.hypertable) {
		sql_add(q, " and source_schema = ");
		sql_param(q, job->chunk.schema);
		sql_add(q, " and source_table = ");
		sql_param(q, job->chunk.table);
	}
}

status
entry_replace(struct pg *pg, const struct job *job, bool whole,
    const char *predicate, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql chunks CLEANUP_SQL = SQL_INIT, sliced CLEANUP_SQL = SQL_INIT;
	status s;

	if (run->schema == NULL)
		return STATUS_OK;
	sql_add(&chunks, "update ");
	run_table(run, &chunks, "chunk");
	sql_add(&chunks, " set replaced = pg_catalog.clock_timestamp()");
	add_others(&chunks, job);
	sql_add(&chunks, " and replaced is null");
	sql_add(&sliced, "delete from ");
	run_table(run, &sliced, "sliced");
	add_others(&sliced, job);
	if (!whole) {
		sql_add(&chunks,
		    " and coalesce(slice ->> 'within', predicate)");
		sql_add(&chunks, " = ");
		sql_param(&chunks, predicate);
		sql_add(&sliced, " and within = ");
		sql_param(&sliced, predicate);
	}
	s = failure_run(f, pg, &chunks, NULL, "write the ledger");
	return s == STATUS_OK
	    ? failure_run(f, pg, &sliced, NULL, "write the ledger")
	    : s;
}

static status
disturb_chunks(struct pg *pg, const struct job *job, bool whole,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "update ");
	run_table(run, &q, "chunk");
	sql_add(&q, " set replaced = pg_catalog.clock_timestamp()");
	sql_add(&q, " where replaced is null and slice is null");
	sql_add(&q, " and mode = 'replace'");
	entry_where_target(&q, job);
	/* Pieces of one relation in one run lie side by side. */
	if (!whole) {
		sql_add(&q, " and (predicate is null or run <> ");
		run_param(&q, run->id);
		sql_add(&q, ")");
	}
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

/* Without its row a relation in slices is begun anew. */
static status
disturb_sliced(struct pg *pg, const struct job *job, bool whole,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "delete from ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as s where s.completed is not null");
	entry_where_target(&q, job);
	if (!whole) {
		sql_add(&q, " and (s.within is null or s.run <> ");
		run_param(&q, run->id);
		sql_add(&q, ")");
	}
	sql_add(&q, " and not exists (select from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as c where c.run = s.run");
	sql_add(&q, " and c.target_schema = s.target_schema");
	sql_add(&q, " and c.target_table = s.target_table");
	sql_add(&q, " and c.slice is not null and c.mode <> 'replace')");
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

status
entry_disturb(struct pg *pg, const struct job *job, bool whole,
    struct failure *f)
{
	status s;

	if (job->load->run.schema == NULL)
		return STATUS_OK;
	s = disturb_chunks(pg, job, whole, f);
	return s == STATUS_OK ? disturb_sliced(pg, job, whole, f) : s;
}
