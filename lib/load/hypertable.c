/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which way a chunk of a hypertable goes.
 */
#include "load/hypertable.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/adopt.h"
#include "load/batches.h"
#include "load/newchunk.h"

#define UNDEFINED_TABLE "42P01"

void
hyper_free(struct hyper *h)
{
	pg_hypertable_free(&h->table);
	pg_chunks_free(h->chunks, h->nchunks);
	free(h->range);
	pg_relation_free(&h->own);
	quiet_free(&h->quiet);
	memset(h, 0, sizeof(*h));
}

/* --- looking --------------------------------------------------------------------------- */

static status
find_table(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	const struct pg_timescale *t;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look for TimescaleDB");
	if (t->version == NULL)
		return failure_set(f, STATUS_FAIL,
		    "cannot load into %s: the target does not have the "
		    "extension timescaledb",
		    job->target);
	if (pg_hypertable_load(pg, job->schema, job->table, &h->table) !=
	    STATUS_OK)
		return failure_from_pg(f, pg, "look at %s", job->target);
	if (h->table.relation.oid != 0)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "the target has no hypertable or continuous aggregate %s",
	    job->target);
	failure_hint(f,
	    "Make it first, or name the one to load into with --map.");
	return STATUS_FAIL;
}

static status
find_range(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	char *lacking CLEANUP_FREE = NULL;

	if (pg_hypertable_range(pg, &h->table, job->chunk.slices,
		json_object_get(job->chunk.record, "range"), &h->range,
		&h->same, &lacking) != STATUS_OK)
		return failure_from_pg(f, pg, "look at the dimensions of %s",
		    job->target);
	if (lacking == NULL)
		return STATUS_OK;
	return failure_set(f, STATUS_FAIL,
	    "\"%s\" is a dimension of \"%s.%s\" of the source, and %s of the "
	    "target is not partitioned like that",
	    lacking, job->chunk.parent_schema, job->chunk.parent_table,
	    job->target);
}

static status
find_chunks(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	pg_chunks_free(h->chunks, h->nchunks);
	h->chunk = NULL;
	if (pg_hypertable_chunks(pg, &h->table, job->chunk.slices, &h->chunks,
		&h->nchunks) != STATUS_OK)
		return failure_from_pg(f, pg, "look for chunks of %s",
		    job->target);
	if (h->nchunks > 0 && h->chunks[0].equal)
		h->chunk = &h->chunks[0];
	return STATUS_OK;
}

bool
hyper_compressed(const struct pg_chunk *c)
{
	return c != NULL && (c->status & PG_CHUNK_COMPRESSED) != 0;
}

/* What it holds could not be cleared, nor anything put beside it. */
static status
refuse_form(const struct job *job, const struct pg_chunk *c, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "\"%s.%s\", a chunk of %s, is compressed by an access method of "
	    "its own",
	    c->chunk.schema, c->chunk.name, job->target);
	failure_hint(f,
	    "alter table ... set access method heap makes it one like others.");
	return STATUS_FAIL;
}

/*
 * Whoever compresses it, or drops it, waits from here on; who writes to it
 * does not.  A compressed one may be compressed again under a lock that
 * writers do not mind, and what that moves is not seen by who clears: so he
 * waits, too.
 */
static status
lock_chunk(struct pg *pg, const struct job *job, const struct pg_chunk *c,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "lock table only ");
	sql_name(&q, c->chunk.schema, c->chunk.name);
	if (hyper_compressed(c))
		sql_add(&q, " in share update exclusive mode");
	else
		sql_add(&q, " in row exclusive mode");
	s = failure_run(f, pg, &q, NULL, "lock a chunk of %s", job->target);
	if (s != STATUS_OK && strcmp(f->sqlstate, UNDEFINED_TABLE) == 0)
		f->class = s = STATUS_RETRY;
	return s;
}

/* Once it is locked, its state is what it is. */
static status
hold_chunk(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	status s = STATUS_OK;
	bool was;

	if (h->chunk == NULL)
		return STATUS_OK;
	do {
		was = hyper_compressed(h->chunk);
		if (was && h->chunk->batches.oid == 0)
			return refuse_form(job, h->chunk, f);
		s = lock_chunk(pg, job, h->chunk, f);
		if (s == STATUS_OK)
			s = find_chunks(pg, job, h, f);
	} while (s == STATUS_OK && h->chunk != NULL &&
	    hyper_compressed(h->chunk) != was);
	return s;
}

status
hyper_rows(struct pg *pg, const struct job *job, const struct pg_relation *r,
    bool only, bool *out, struct failure *f)
{
	struct pg_result *res CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select exists (select from ");
	if (only)
		sql_add(&q, "only ");
	sql_name(&q, r->schema, r->name);
	sql_add(&q, ")");
	s = failure_run(f, pg, &q, &res, "look for rows in %s", job->target);
	*out = s == STATUS_OK && pg_true(res, 0, 0);
	return s;
}

/* May a table be made beside the hypertable? */
static status
may_create(struct pg *pg, const struct job *job, const struct hyper *h,
    bool *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.has_schema_privilege(");
	sql_param(&q, h->table.relation.schema);
	sql_add(&q, ", 'CREATE') and pg_catalog.pg_has_role(k.relowner,");
	sql_add(&q, " 'USAGE') from pg_catalog.pg_class as k where k.oid = ");
	sql_int(&q, h->table.relation.oid);
	s = failure_run(f, pg, &q, &r, "look at %s", job->target);
	*out = s == STATUS_OK && pg_rows(r) == 1 && pg_true(r, 0, 0);
	return s;
}

/* --- deciding -------------------------------------------------------------------------- */

/* A table of our own needs somewhere to be, and a way to its place. */
static status
may_adopt(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	const struct pg_timescale *t;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	if (!t->attaches)
		return STATUS_OK;
	return may_create(pg, job, h, &h->adopt, f);
}

/* Batches as they are: what is to be there for that? */
static status
decide_batches(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	bool rows = false;
	char *why CLEANUP_FREE = NULL;
	status s = STATUS_OK;

	h->unpack = true;
	/* Compressing an empty chunk would join it to another one, or note
	 * that its columns hold nothing. */
	if (!h->table.compression || h->table.merges || h->table.skipping ||
	    job->load->options->mode == LOAD_UPSERT ||
	    ((h->nchunks > 0 || !h->same) && h->chunk == NULL))
		return STATUS_OK;
	/* Nothing would look for duplicates among batches. */
	if (job->load->options->mode == LOAD_APPEND && h->chunk != NULL)
		s = hyper_rows(pg, job, &h->chunk->chunk, false, &rows, f);
	if (s != STATUS_OK || rows)
		return s;
	if (!hyper_compressed(h->chunk)) {
		h->make = h->make_compressed = true;
		return STATUS_OK;
	}
	s = batches_fit(pg, job, h, &why, f);
	if (s != STATUS_OK)
		return s;
	if (why != NULL) {
		log_verbose("\"%s\" is loaded as rows: %s", job->chunk.id, why);
		return STATUS_OK;
	}
	h->unpack = false;
	h->way = HYPER_BATCHES;
	return may_adopt(pg, job, h, f);
}

/* Is it to be compressed in the end? */
static void
decide_end(const struct job *job, struct hyper *h)
{
	bool was = hyper_compressed(h->chunk);
	bool whole = job->chunk.where == NULL;
	bool want = job->chunk.compressed || (!whole && was);

	if (job->load->options->mode != LOAD_REPLACE)
		want = want || was;
	h->compress = want && h->table.compression && !h->table.merges;
	h->decompress = was && !want;
	if (want && !h->table.compression)
		log_verbose("%s does not compress: \"%s\" stays uncompressed",
		    job->target, job->chunk.id);
}

/*
 * A chunk without an end holds what comes after all times ("infinity"), and
 * would not be taken with such rows in it.
 */
static bool
endless(const struct job *job, const struct hyper *h)
{
	const json_t *end =
	    json_array_get(json_object_get(job->chunk.slices, h->table.primary),
		1);

	return json_is_integer(end)
	    ? json_integer_value(end) == INT64_MAX
	    : str_eq(json_string_value(end), "9223372036854775807");
}

/*
 * Only TimescaleDB can make the chunk: which tablespace is its to say, and a
 * chunk without a range of each column that it skips by would be skipped by
 * all queries.
 */
static bool
by_server(const struct job *job, const struct hyper *h)
{
	return h->table.spread || h->table.skipping || endless(job, h);
}

/*
 * There is a chunk.  An empty one, as a restored schema has them, is replaced
 * by one that was filled without indexes.
 */
static status
decide_chunk(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	bool rows = false, own = false;
	status s;

	if (hyper_compressed(h->chunk))
		return STATUS_OK;
	h->way = HYPER_CHUNK;
	if (h->compress || by_server(job, h))
		return STATUS_OK;
	s = hyper_rows(pg, job, &h->chunk->chunk, true, &rows, f);
	if (s == STATUS_OK && !rows)
		s = may_create(pg, job, h, &own, f);
	if (s == STATUS_OK && own && !rows)
		h->way = HYPER_NEW;
	return s;
}

static status
decide_rows(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	bool own = false;
	status s;

	decide_end(job, h);
	h->way = HYPER_THROUGH;
	if (job->load->options->mode == LOAD_UPSERT)
		return STATUS_OK;
	if (h->chunk != NULL)
		return decide_chunk(pg, job, h, f);
	if (h->nchunks > 0 || !h->same) {
		h->compress = false;
		return STATUS_OK;
	}
	s = may_create(pg, job, h, &own, f);
	/* Compressing takes long, with the hypertable locked after attaching. */
	h->make = !own || h->compress || by_server(job, h);
	h->way = HYPER_NEW;
	return s;
}

status
hyper_open(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f)
{
	status s = find_table(pg, job, h, f);

	if (s == STATUS_OK)
		s = find_range(pg, job, h, f);
	if (s == STATUS_OK)
		s = find_chunks(pg, job, h, f);
	if (s == STATUS_OK)
		s = hold_chunk(pg, job, h, f);
	if (s == STATUS_OK && job->chunk.batches != NULL)
		s = decide_batches(pg, job, h, f);
	if (s == STATUS_OK && h->way != HYPER_BATCHES && !h->make)
		s = decide_rows(pg, job, h, f);
	return s;
}

/* --- making ---------------------------------------------------------------------------- */

static status
create_chunk(struct pg *pg, const struct job *job, const struct hyper *h,
    struct pg_relation *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select c.schema_name, c.table_name from");
	sql_add(&q, " _timescaledb_functions.create_chunk(");
	sql_int(&q, h->table.relation.oid);
	sql_add(&q, "::pg_catalog.oid::pg_catalog.regclass, ");
	newchunk_slices(&q, job);
	sql_add(&q, ") as c");
	s = failure_run(f, pg, &q, &r, "make a chunk of %s", job->target);
	/* It was not there a moment ago. */
	if (s != STATUS_OK && newchunk_collision(f))
		f->class = s = STATUS_RETRY;
	if (s != STATUS_OK)
		return s;
	out->schema = mem_strdup(pg_value(r, 0, 0));
	out->name = mem_strdup(pg_value(r, 0, 1));
	return STATUS_OK;
}

status
hyper_call(struct pg *pg, const struct job *job, const char *function,
    const struct pg_relation *chunk, struct failure *f)
{
	const struct pg_timescale *t;
	struct str name CLEANUP(str_free) = STR_INIT;
	struct sql q CLEANUP_SQL = SQL_INIT;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	sql_show_name(&name, chunk->schema, chunk->name);
	sql_add(&q, "select from ");
	sql_name(&q, t->schema, function);
	sql_add(&q, "(");
	sql_param(&q, str_text(&name));
	sql_add(&q, "::pg_catalog.regclass)");
	return failure_run(f, pg, &q, NULL, "run %s on %s, a chunk of %s",
	    function, str_text(&name), job->target);
}

static status
make(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	struct pg_relation made = {0, NULL, NULL};
	status s = STATUS_OK;

	/* That an empty chunk compresses badly is nobody's concern. */
	s = failure_do(f, pg, "set local client_min_messages = 'error'",
	    "begin");
	if (s == STATUS_OK && h->chunk == NULL)
		s = create_chunk(pg, job, h, &made, f);
	if (s == STATUS_OK && h->make_compressed)
		s = hyper_call(pg, job, "compress_chunk",
		    h->chunk == NULL ? &made : &h->chunk->chunk, f);
	pg_relation_free(&made);
	return s;
}

status
hyper_make(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	status s = failure_do(f, pg, "begin read write", "begin");

	if (s == STATUS_OK)
		s = make(pg, job, h, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "commit", "make a chunk of %s",
		    job->target);
	return s;
}

status
hyper_target(struct pg *pg, const struct job *job, struct hyper *h,
    struct target *t, struct failure *f)
{
	const struct pg_relation *r = &h->table.relation;

	if (h->way == HYPER_NEW)
		return newchunk_create(pg, job, &h->table, t, f);
	if (h->chunk != NULL && (h->way == HYPER_CHUNK || h->adopt))
		r = &h->chunk->chunk;
	return target_look(pg, job, r->schema, r->name, t, f);
}

/* --- after the rows -------------------------------------------------------------------- */

/* A dual writer made a chunk there meanwhile: ours is poured into it. */
static status
pour(struct pg *pg, const struct job *job, struct hyper *h, struct target *t,
    struct failure *f)
{
	struct target table CLEANUP(target_free) = {0};
	status s;

	log_verbose("a chunk of %s was made by somebody else; \"%s\" goes "
		    "into it",
	    job->target, job->chunk.id);
	h->way = HYPER_THROUGH;
	quiet_free(&h->quiet);
	s = find_chunks(pg, job, h, f);
	if (s == STATUS_OK)
		s = hyper_target(pg, job, h, &table, f);
	if (s == STATUS_OK && job->load->options->mode == LOAD_REPLACE)
		s = hyper_clear_range(pg, job, h, &table, f);
	if (s == STATUS_OK)
		s = quiet_begin(pg, job, &h->table, h->chunks, h->nchunks,
		    &h->quiet, f);
	return s == STATUS_OK ? newchunk_pour(pg, job, &h->table, t, f) : s;
}

/* No row is left besides the batches: then the chunk is not partial. */
static status
settle_partial(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	bool heap = false;
	status s;

	if ((h->chunk->status & PG_CHUNK_PARTIAL) == 0)
		return STATUS_OK;
	s = hyper_rows(pg, job, &h->chunk->chunk, true, &heap, f);
	return s == STATUS_OK && !heap
	    ? hyper_call(pg, job, "compress_chunk", &h->chunk->chunk, f)
	    : s;
}

static status
finish_chunk(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	if (h->chunk == NULL)
		return STATUS_OK;
	if (h->adopt)
		return adopt_batches(pg, job, h, f);
	if (h->way == HYPER_BATCHES)
		return settle_partial(pg, job, h, f);
	if (h->compress)
		return hyper_call(pg, job, "compress_chunk", &h->chunk->chunk,
		    f);
	if (h->decompress)
		return hyper_call(pg, job, "decompress_chunk", &h->chunk->chunk,
		    f);
	return STATUS_OK;
}

status
hyper_finish(struct pg *pg, const struct job *job, struct hyper *h,
    struct target *t, uint32_t *oid, struct failure *f)
{
	bool collided = false;
	status s = STATUS_OK;

	*oid = h->way == HYPER_NEW ? t->table.oid : h->table.relation.oid;
	if (h->way == HYPER_NEW) {
		s = newchunk_attach(pg, job, &h->table, h->chunk, t, &collided,
		    f);
		if (s == STATUS_OK && collided)
			s = pour(pg, job, h, t, f);
		if (collided)
			*oid = h->table.relation.oid;
		else
			h->chunk = NULL; /* it was replaced */
	}
	if (h->chunk != NULL)
		*oid = h->chunk->chunk.oid;
	if (s == STATUS_OK)
		s = quiet_end(pg, job, &h->quiet, f);
	return s == STATUS_OK ? finish_chunk(pg, job, h, f) : s;
}
