/* SPDX-License-Identifier: PostgreSQL */
/*
 * Putting a compressed table into its place.
 */
#include "load/adopt.h"

#include <stdlib.h>

#include "base/mem.h"
#include "load/newchunk.h"

#define INTERNAL "_timescaledb_internal"

struct adopt {
	struct pg *pg;
	const struct job *job;
	const struct hyper *h;
	const char *schema;	 /* of the extension */
	struct pg_relation host; /* a hypertable for a moment */
	struct failure *f;
};

static status
run(struct adopt *a, const struct sql *q)
{
	return failure_run(a->f, a->pg, q, NULL,
	    "put compressed rows of %s into their place", a->job->target);
}

/* A table as text that becomes a regclass. */
static void
add_class(struct sql *q, const char *schema, const char *name)
{
	struct str shown CLEANUP(str_free) = STR_INIT;

	sql_show_name(&shown, schema, name);
	sql_param(q, str_text(&shown));
	sql_add(q, "::pg_catalog.regclass");
}

/* The first dimension of a hypertable is never null, nor in its chunks. */
static status
set_not_null(struct adopt *a, const char *schema, const char *name, bool on)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "alter table ");
	sql_name(&q, schema, name);
	sql_add(&q, " alter column " PG_BATCH_COUNT);
	if (on)
		sql_add(&q, " set not null");
	else
		sql_add(&q, " drop not null");
	return run(a, &q);
}

static status
make_host(struct adopt *a)
{
	const struct pg_relation *own = &a->h->own;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = newchunk_like(a->pg, a->job, own, own->schema, false,
	    &a->host, a->f);

	if (s != STATUS_OK)
		return s;
	sql_add(&q, "select from ");
	sql_name(&q, a->schema, "create_hypertable");
	sql_add(&q, "(");
	add_class(&q, a->host.schema, a->host.name);
	sql_add(&q, ", '" PG_BATCH_COUNT "',");
	sql_add(&q, " chunk_time_interval => 1000000::pg_catalog.int8,");
	sql_add(&q, " create_default_indexes => false)");
	return run(a, &q);
}

/* Into TimescaleDB's schema, under the name of the one whose place it takes. */
static status
move(struct adopt *a)
{
	const struct pg_relation *own = &a->h->own;
	const char *name = a->h->chunk->batches.name;
	struct sql in CLEANUP_SQL = SQL_INIT, out CLEANUP_SQL = SQL_INIT;
	struct sql drop CLEANUP_SQL = SQL_INIT;
	status s = set_not_null(a, own->schema, own->name, true);

	if (s != STATUS_OK)
		return s;
	sql_add(&in, "select from _timescaledb_functions.create_chunk(");
	add_class(&in, a->host.schema, a->host.name);
	sql_add(&in, ", '{\"" PG_BATCH_COUNT "\": [-9223372036854775808,");
	sql_add(&in, " 9223372036854775807]}', '" INTERNAL "', ");
	sql_param(&in, name);
	sql_add(&in, ", ");
	add_class(&in, own->schema, own->name);
	sql_add(&in, ")");
	s = run(a, &in);
	if (s != STATUS_OK)
		return s;
	sql_add(&out, "call ");
	sql_name(&out, a->schema, "detach_chunk");
	sql_add(&out, "(");
	add_class(&out, INTERNAL, name);
	sql_add(&out, ")");
	s = run(a, &out);
	if (s != STATUS_OK)
		return s;
	sql_add(&drop, "drop table ");
	sql_name(&drop, a->host.schema, a->host.name);
	s = run(a, &drop);
	return s == STATUS_OK ? set_not_null(a, INTERNAL, name, false) : s;
}

static void
add_sizes(struct sql *q, const json_t *sizes)
{
	static const char *const fields[] = {"uncompressed_heap_size",
	    "uncompressed_toast_size", "uncompressed_index_size",
	    "compressed_heap_size", "compressed_toast_size",
	    "compressed_index_size", "numrows_pre_compression",
	    "numrows_post_compression"};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int64_t value = record_int(sizes, fields[i]);

		sql_add(q, ", ");
		sql_int(q, value < 0 ? 0 : value);
	}
}

static status
attach(struct adopt *a)
{
	const struct pg_chunk *c = a->h->chunk;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select from");
	sql_add(&q, " _timescaledb_functions.create_compressed_chunk(");
	add_class(&q, c->chunk.schema, c->chunk.name);
	sql_add(&q, ", ");
	add_class(&q, INTERNAL, c->batches.name);
	add_sizes(&q, json_object_get(a->job->chunk.batches, "sizes"));
	sql_add(&q, ")");
	return run(a, &q);
}

static status
adopt(struct adopt *a)
{
	const struct hyper *h = a->h;
	status s =
	    newchunk_liken(a->pg, a->job, &h->chunk->batches, &h->own, a->f);

	if (s == STATUS_OK)
		s = make_host(a);
	/* Only now others have to wait for the chunk, and not for long. */
	if (s == STATUS_OK)
		s = hyper_call(a->pg, a->job, "decompress_chunk",
		    &h->chunk->chunk, a->f);
	if (s == STATUS_OK)
		s = move(a);
	return s == STATUS_OK ? attach(a) : s;
}

status
adopt_batches(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f)
{
	struct adopt a = {.pg = pg, .job = job, .h = h, .f = f};
	const struct pg_timescale *t;
	status s;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	a.schema = t->schema;
	s = failure_do(f, pg, "set local client_min_messages = 'error'",
	    "put compressed rows into their place");
	if (s == STATUS_OK)
		s = adopt(&a);
	pg_relation_free(&a.host);
	return s;
}
