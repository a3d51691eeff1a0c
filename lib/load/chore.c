/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk's rows and what follows them.
 */
#include "load/chore.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "load/attach.h"
#include "load/batches.h"
#include "load/columns.h"
#include "load/flight.h"
#include "load/unlogged.h"
#include "pg/copy.h"

#define XID_PAUSE 100000000 /* ns between two looks at a transaction */
#define XID_TRIES 100

static void
add_copy(struct sql *q, const struct chore *c)
{
	const struct job *job = c->job;

	sql_add(q, "copy ");
	if (c->upsert.stage != NULL)
		sql_name(q, "pg_temp", c->upsert.stage);
	else
		target_name(q, &c->target);
	if (columns_count(job) > 0) {
		sql_add(q, " (");
		columns_list(q, job);
		sql_add(q, ")");
	}
	sql_add(q, " from stdin with (format ");
	if (job->format == COPY_BINARY)
		sql_add(q, "binary");
	else if (job->format == COPY_CSV)
		sql_add(q, "csv");
	else
		sql_add(q, "text");
	if (c->fresh)
		sql_add(q, ", freeze");
	sql_add(q, ")");
}

static status
send_bytes(struct chore *c, enum archive_part part, struct failure *f)
{
	const void *bytes;
	size_t n;

	while ((n = queue_get(c->job->queue, part, &bytes)) > 0) {
		status s = pg_copy_put(c->pg, bytes, n);

		queue_release(c->job->queue);
		if (s != STATUS_OK)
			return failure_from_pg(f, c->pg, "copy into %s",
			    c->job->target);
		c->bytes += n;
		progress_add(0, 0, n);
	}
	return STATUS_OK;
}

/* The archive is done with the chunk: was it whole? */
static status
judge_end(struct chore *c, struct failure *f)
{
	const struct job *job = c->job;

	c->at_source = job->end == JOB_FAILED;
	if (c->at_source)
		return job_source_failure(job, f);
	if (job->end == JOB_DONE)
		return STATUS_OK;
	return failure_set(f, STATUS_RETRY,
	    signal_abort() ? "interrupted"
			   : "the archive broke off before its end");
}

static status
compare(const struct chore *c, uint64_t rows, struct failure *f)
{
	int64_t want_rows = record_int(c->job->outcome, "rows");
	int64_t want_bytes = record_int(c->job->outcome, "bytes");

	if ((int64_t)c->bytes != want_bytes)
		return failure_set(f, STATUS_FAIL,
		    "%" PRIu64
		    " bytes were sent where the source sent %" PRId64,
		    c->bytes, want_bytes);
	if ((int64_t)rows == want_rows)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "%" PRIu64 " rows were loaded where the source sent %" PRId64, rows,
	    want_rows);
	if (c->target.insert_triggers != NULL)
		failure_hint(f, "A trigger keeps rows out: %s.",
		    c->target.insert_triggers);
	return STATUS_FAIL;
}

status
chore_send(struct chore *c, enum archive_part part, const struct sql *copy,
    uint64_t *rows, struct failure *f)
{
	status s;

	if (pg_copy_in(c->pg, NULL, copy) != STATUS_OK)
		return failure_from_pg(f, c->pg, "copy into %s",
		    c->job->target);
	s = send_bytes(c, part, f);
	if (s == STATUS_OK && queue_ended(c->job->queue))
		s = judge_end(c, f);
	if (s != STATUS_OK) {
		/* Its own failure is known; this only ends the COPY. */
		if (pg_copy_in_end(c->pg, "given up", NULL) != STATUS_OK)
			log_verbose("the connection is lost");
		return s;
	}
	if (c->target.refers_to != NULL)
		flight_await(c->job->load->flights, c->job->n,
		    c->target.refers_to);
	if (pg_copy_in_end(c->pg, NULL, rows) != STATUS_OK)
		return failure_from_pg(f, c->pg, "copy into %s",
		    c->job->target);
	return STATUS_OK;
}

static status
copy_rows(struct chore *c, uint64_t *rows, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	add_copy(&q, c);
	return chore_send(c, ARCHIVE_ROWS, &q, rows, f);
}

/* Of a chunk of a hypertable, its batches first. */
static status
copy_hyper(struct chore *c, uint64_t *rows, struct failure *f)
{
	struct hyper *h = &c->hyper;
	uint64_t rest = 0;
	status s = STATUS_OK;

	/* Batches themselves fire nothing. */
	if (h->way != HYPER_NEW && h->way != HYPER_BATCHES)
		s = quiet_begin(c->pg, c->job, &h->table, h->chunks, h->nchunks,
		    &h->quiet, f);
	if (s == STATUS_OK && c->job->chunk.batches != NULL)
		s = batches_copy(c, rows, f);
	if (s != STATUS_OK)
		return s;
	if (c->job->chunk.batches != NULL && queue_ended(c->job->queue))
		return STATUS_OK;
	if (h->way == HYPER_BATCHES)
		s = quiet_begin(c->pg, c->job, &h->table, h->chunks, h->nchunks,
		    &h->quiet, f);
	if (s == STATUS_OK)
		s = copy_rows(c, &rest, f);
	*rows += rest;
	return s;
}

/* Whom the end of its rows waits for, and who waits for it. */
static status
find_relatives(struct chore *c, struct failure *f)
{
	const struct load *load = c->job->load;

	if (c->target.ancestors != NULL)
		flight_also(load->flights, c->job->n, c->target.ancestors);
	return load->options->disable_triggers
	    ? STATUS_OK
	    : target_keys(c->pg, c->job, &c->target, f);
}

status
chore_copy(struct chore *c, struct failure *f)
{
	uint64_t rows = 0;
	status s = find_relatives(c, f);

	if (s == STATUS_OK)
		s = c->job->chunk.hypertable ? copy_hyper(c, &rows, f)
					     : copy_rows(c, &rows, f);
	if (s == STATUS_OK)
		s = compare(c, rows, f);
	if (s == STATUS_OK && c->upsert.stage != NULL)
		s = upsert_merge(c->pg, c->job, &c->target, &c->upsert, rows,
		    f);
	c->entry.rows = (int64_t)rows;
	return s;
}

/* --- after the last row ------------------------------------------------------------------- */

static char *
text_of(const json_t *record, const char *field)
{
	const char *text = record_text(record, field);

	return text == NULL ? NULL : mem_strdup(text);
}

static void
fill_entry(struct chore *c)
{
	const json_t *line = c->job->chunk.record;

	c->entry.bytes = (int64_t)c->bytes;
	/* Of batches that are not kept theirs would say nothing. */
	if (!c->hyper.unpack ||
	    !str_eq(record_text(line, "digest_kind"), "batches"))
		c->entry.digest = text_of(c->job->outcome, "digest");
	c->entry.snapshot = text_of(line, "snapshot");
	c->entry.pg_snapshot = text_of(line, "pg_snapshot");
	c->entry.lsn = text_of(line, "lsn");
}

static status
remember_xid(struct chore *c, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.pg_current_xact_id(), ");
	entry_target_oid(&q, c->job);
	s = failure_run(f, c->pg, &q, &r, "ask for the transaction's id");
	if (s != STATUS_OK)
		return s;
	c->xid = mem_strdup(pg_value(r, 0, 0));
	return c->job->chunk.hypertable ||
		pg_int(r, 0, 1) == c->target.table.oid
	    ? STATUS_OK
	    : entry_moved(c->job, f);
}

/* The statement before the commit would fail if anything before it had:
 * a commit of a failed transaction does not. */
status
chore_finish(struct chore *c, struct failure *f)
{
	struct job *job = c->job;
	uint32_t oid = c->target.table.oid;
	status s = index_build(c->pg, job, &c->indexes, f);

	if (s == STATUS_OK && c->target.bound != NULL &&
	    job->chunk.by == SLICE_NONE)
		s = attach_finish(c->pg, job, &c->target, f);
	if (s == STATUS_OK && job->chunk.hypertable)
		s = hyper_finish(c->pg, job, &c->hyper, &c->target, &oid, f);
	if (s != STATUS_OK)
		return s;
	fill_entry(c);
	if (job->load->run.schema == NULL)
		return remember_xid(c, f);
	/* Those of slices are marked together, when they are begun. */
	if (c->target.unlogged && job->chunk.by == SLICE_NONE)
		s = unlogged_mark_chunk(c->pg, job, f);
	return s == STATUS_OK ? entry_finish(c->pg, job, oid, &c->entry, f) : s;
}

/* Without a ledger the server knows what became of a transaction. */
static status
ask_for_xid(struct pg *pg, const char *xid, bool *committed, struct failure *f)
{
	struct timespec pause = {0, XID_PAUSE};
	int try;

	for (try = 0; try < XID_TRIES; try++) {
		struct pg_result *r CLEANUP_RESULT = NULL;
		struct sql q CLEANUP_SQL = SQL_INIT;
		status s;

		sql_add(&q, "select pg_catalog.pg_xact_status(");
		sql_param(&q, xid);
		sql_add(&q, "::xid8)");
		s = failure_run(f, pg, &q, &r, "look for the lost commit");
		if (s != STATUS_OK)
			return s;
		*committed = str_eq(pg_value(r, 0, 0), "committed");
		if (!str_eq(pg_value(r, 0, 0), "in progress"))
			return STATUS_OK;
		(void)nanosleep(&pause, NULL);
	}
	return failure_set(f, STATUS_RETRY,
	    "the transaction whose commit was lost does not end");
}

status
chore_committed(struct chore *c, bool *committed, struct failure *f)
{
	return c->xid != NULL ? ask_for_xid(c->pg, c->xid, committed, f)
			      : entry_committed(c->pg, c->job, committed, f);
}
