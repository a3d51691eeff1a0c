/* SPDX-License-Identifier: PostgreSQL */
/*
 * Marks that a crash takes away.
 */
#include "load/unlogged.h"

#include <inttypes.h>

#include "base/mem.h"

static void
add_unlogged_now(struct sql *q)
{
	sql_add(q, " exists (select from pg_catalog.pg_class as k");
	sql_add(q, " where k.relpersistence = 'u' and k.oid = ");
}

void
unlogged_chunk_gone(struct sql *q, const struct run *run, bool doubt)
{
	sql_add(q, " case when c.unlogged then not exists (select from ");
	run_table(run, q, "unlogged");
	sql_add(q, " as u where u.run = c.run");
	sql_add(q, " and u.piece = 'chunk ' || c.chunk) else");
	if (!doubt) {
		sql_add(q, " false end");
		return;
	}
	/* A slice's rows are its relation's. */
	sql_add(q, " c.slice is null and");
	add_unlogged_now(q);
	sql_add(q, "c.target_oid) end");
}

void
unlogged_sliced_gone(struct sql *q, const struct run *run, bool doubt)
{
	sql_add(q, " case when s.unlogged then not exists (select from ");
	run_table(run, q, "unlogged");
	sql_add(q, " as u where u.run = s.run");
	sql_add(q, " and u.piece = 'sliced ' || s.id) else");
	if (!doubt) {
		sql_add(q, " false end");
		return;
	}
	add_unlogged_now(q);
	sql_add(q, "s.target_oid) end");
}

static status
mark(struct pg *pg, const struct run *run, const char *piece, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "insert into ");
	run_table(run, &q, "unlogged");
	sql_add(&q, " (run, piece) values (");
	run_param(&q, run->id);
	sql_add(&q, ", ");
	sql_param(&q, piece);
	/* One that is there is of rows that were cleared since. */
	sql_add(&q, ") on conflict (run, piece) do nothing");
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

status
unlogged_mark_chunk(struct pg *pg, const struct job *job, struct failure *f)
{
	const struct run *run = &job->load->run;
	char *piece CLEANUP_FREE = mem_printf("chunk %s", job->chunk.id);
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "update ");
	run_table(run, &q, "chunk");
	sql_add(&q, " set unlogged = true where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and chunk = ");
	sql_param(&q, job->chunk.id);
	s = failure_run(f, pg, &q, NULL, "write the ledger");
	return s == STATUS_OK ? mark(pg, run, piece, f) : s;
}

status
unlogged_mark_sliced(struct pg *pg, const struct job *job, int64_t id,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	char *piece CLEANUP_FREE = mem_printf("sliced %" PRId64, id);
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "update ");
	run_table(run, &q, "sliced");
	sql_add(&q, " set unlogged = true where id = ");
	run_param(&q, id);
	s = failure_run(f, pg, &q, NULL, "write the ledger");
	return s == STATUS_OK ? mark(pg, run, piece, f) : s;
}

status
unlogged_fail(const struct job *job, struct failure *f)
{
	(void)failure_set(f, STATUS_RETRY,
	    "%s is unlogged, and a crash of the target has emptied it",
	    job->target);
	failure_hint(f, "Run the pipeline again: it begins the table anew.");
	return STATUS_RETRY;
}
