/* SPDX-License-Identifier: PostgreSQL */
/*
 * Making room in a hypertable: exactly what a chunk covers goes, batches with
 * it, and others go on writing meanwhile.
 */
#include "load/hypertable.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/clear.h"
#include "load/entry.h"

#define INTERNAL_ERROR "XX000" /* "tuple concurrently updated" */

static status
delete_all(struct pg *pg, const struct job *job, const struct pg_relation *r,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "delete from only ");
	sql_name(&q, r->schema, r->name);
	return failure_run(f, pg, &q, NULL, "clear a chunk of %s", job->target);
}

/*
 * All of a compressed chunk: its batches, which no delete of rows reaches in
 * older versions, and the rows besides.  Others may read and write meanwhile.
 */
static status
clear_compressed(struct pg *pg, const struct job *job, struct hyper *h,
    const struct target *t, struct failure *f)
{
	const struct pg_chunk *c = h->chunk;
	bool any = false, heap = false;
	status s = hyper_rows(pg, job, &c->chunk, false, &any, f);

	if (s == STATUS_OK && any)
		s = clear_permit(pg, job, t, f);
	if (s == STATUS_OK)
		s = delete_all(pg, job, &c->batches, f);
	if (s == STATUS_OK)
		s = hyper_rows(pg, job, &c->chunk, true, &heap, f);
	if (s != STATUS_OK || !heap)
		return s;
	s = quiet_begin(pg, job, &h->table, c, 1, &h->quiet, f);
	return s == STATUS_OK ? delete_all(pg, job, &c->chunk, f) : s;
}

/* Slices and predicate together; the caller frees; NULL: all. */
static char *
whole_range(const struct job *job, const struct hyper *h)
{
	if (h->range == NULL || job->chunk.where == NULL)
		return h->range != NULL	       ? mem_strdup(h->range)
		    : job->chunk.where != NULL ? mem_strdup(job->chunk.where)
					       : NULL;
	return mem_printf("%s and (%s\n)", h->range, job->chunk.where);
}

/* What a predicate finds in batches is decompressed to be deleted. */
static status
lift_limit(struct pg *pg, struct failure *f)
{
	const struct pg_timescale *t;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	if (!t->may_limit)
		return STATUS_OK;
	return failure_do(f, pg,
	    "set local "
	    "timescaledb.max_tuples_decompressed_per_dml_transaction = 0",
	    "lift a limit");
}

status
hyper_clear_range(struct pg *pg, const struct job *job, struct hyper *h,
    const struct target *t, struct failure *f)
{
	char *range CLEANUP_FREE = whole_range(job, h);
	status s = lift_limit(pg, f);

	if (s == STATUS_OK)
		s = quiet_begin(pg, job, &h->table, h->chunks, h->nchunks,
		    &h->quiet, f);
	if (s == STATUS_OK)
		s = clear_range(pg, job, t, range, NULL, f);
	/* A chunk that is not held may be compressed again meanwhile: the rows
	 * are waited for, and then they have moved, which passes. */
	if (s != STATUS_OK && strcmp(f->sqlstate, INTERNAL_ERROR) == 0)
		f->class = s = STATUS_RETRY;
	return s;
}

/* Rows of another source are in the ledger under the chunk that has them. */
static status
permit(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < h->nchunks; i++)
		s = entry_strangers(pg, job, h->chunks[i].chunk.oid, f);
	return s;
}

status
hyper_clear(struct pg *pg, const struct job *job, struct hyper *h,
    const struct target *t, struct failure *f)
{
	bool whole = job->chunk.where == NULL;
	status s = permit(pg, job, h, f);

	if (s != STATUS_OK)
		return s;
	if (hyper_compressed(h->chunk) && whole)
		s = clear_compressed(pg, job, h, t, f);
	else if (h->way == HYPER_CHUNK) {
		s = quiet_begin(pg, job, &h->table, h->chunk, 1, &h->quiet, f);
		if (s == STATUS_OK)
			s = clear_range(pg, job, t, job->chunk.where, NULL, f);
	} else if (h->way != HYPER_NEW && h->nchunks > 0)
		s = hyper_clear_range(pg, job, h, t, f);
	return s == STATUS_OK
	    ? entry_replace(pg, job, whole, job->chunk.where, f)
	    : s;
}
