/* SPDX-License-Identifier: PostgreSQL */
/*
 * From batches to rows, by a hypertable that lives for one transaction.
 */
#include "load/unpack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "load/columns.h"
#include "load/stage.h"

struct unpack {
	struct chore *c;
	struct pg_relation table; /* the hypertable */
	struct pg_chunk chunk;
	struct failure *f;
};

static status
run(struct unpack *u, const struct sql *q, struct pg_result **r)
{
	return failure_run(u->f, u->c->pg, q, r, "unpack batches for %s",
	    u->c->job->target);
}

/* --- the table ------------------------------------------------------------------------- */

static void
add_alter(struct sql *q, const struct unpack *u)
{
	sql_add(q, "alter table ");
	sql_name(q, u->table.schema, u->table.name);
}

/* A column as the source has it. */
static const json_t *
source_column(const struct job *job, const char *name)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++)
		if (str_eq(columns_name(job, i), name))
			return json_array_get(job->columns, i);
	return NULL;
}

static status
fit_column(struct unpack *u, const struct pg_column *c)
{
	const json_t *from = source_column(u->c->job, c->name);
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = STATUS_OK;

	/* Batches need not fill what the source does not have. */
	if (c->not_null && from == NULL) {
		add_alter(&q, u);
		sql_add(&q, " alter column ");
		sql_ident(&q, c->name);
		sql_add(&q, " drop not null");
		return run(u, &q, NULL);
	}
	if (from == NULL || str_eq(c->typmod_text, record_text(from, "type")))
		return s;
	add_alter(&q, u);
	sql_add(&q, " alter column ");
	sql_ident(&q, c->name);
	sql_add(&q, " type ");
	sql_given(&q, record_text(from, "type"));
	sql_add(&q, " using null");
	return run(u, &q, NULL);
}

static status
make_table(struct unpack *u)
{
	const struct pg_relation *r = &u->c->hyper.table.relation;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct pg_table table = {0};
	status s;
	size_t i;

	sql_add(&q, "create table ");
	sql_name(&q, u->table.schema, u->table.name);
	sql_add(&q, " (like ");
	sql_name(&q, r->schema, r->name);
	sql_add(&q, ")");
	s = run(u, &q, NULL);
	if (s != STATUS_OK)
		return s;
	if (pg_table_load(u->c->pg, u->table.schema, u->table.name, &table) !=
	    STATUS_OK)
		return failure_from_pg(u->f, u->c->pg, "unpack batches");
	u->table.oid = table.oid;
	for (i = 0; s == STATUS_OK && i < table.ncolumns; i++)
		s = fit_column(u, &table.columns[i]);
	pg_table_free(&table);
	return s;
}

/* --- the hypertable -------------------------------------------------------------------- */

static void
add_relation(struct sql *q, uint32_t oid)
{
	sql_int(q, oid);
	sql_add(q, "::pg_catalog.oid::pg_catalog.regclass");
}

static status
make_hypertable(struct unpack *u, const char *schema)
{
	const struct pg_hypertable *h = &u->c->hyper.table;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select from ");
	sql_name(&q, schema, "create_hypertable");
	sql_add(&q, "(");
	add_relation(&q, u->table.oid);
	sql_add(&q, ", ");
	sql_param(&q, h->primary);
	sql_add(&q, "::pg_catalog.name");
	/* Its one chunk has its bounds from us. */
	if (h->integers)
		sql_add(&q, ", chunk_time_interval => 10000::pg_catalog.int8");
	sql_add(&q, ", create_default_indexes => false)");
	return run(u, &q, NULL);
}

static bool
flag(const json_t *settings, const char *name, size_t i)
{
	return json_is_true(json_array_get(json_object_get(settings, name), i));
}

/* "a" desc nulls first, "b" ...: as text within a setting. */
static void
add_columns(struct sql *list, const json_t *settings, const char *name,
    bool order)
{
	const json_t *columns = json_object_get(settings, name), *column;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		if (i > 0)
			sql_add(list, ", ");
		sql_ident(list, json_string_value(column));
		if (!order)
			continue;
		if (flag(settings, "orderby_desc", i))
			sql_add(list, " desc");
		if (flag(settings, "orderby_nullsfirst", i))
			sql_add(list, " nulls first");
		else
			sql_add(list, " nulls last");
	}
}

static status
set_compression(struct unpack *u)
{
	const json_t *settings =
	    json_object_get(u->c->job->chunk.batches, "settings");
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct sql segment CLEANUP_SQL = SQL_INIT, order CLEANUP_SQL = SQL_INIT;

	add_columns(&segment, settings, "segmentby", false);
	add_columns(&order, settings, "orderby", true);
	add_alter(&q, u);
	sql_add(&q, " set (timescaledb.compress");
	sql_add(&q, ", timescaledb.compress_segmentby = ");
	sql_value(&q, str_text(&segment.text));
	if (order.text.len > 0) {
		sql_add(&q, ", timescaledb.compress_orderby = ");
		sql_value(&q, str_text(&order.text));
	}
	sql_add(&q, ")");
	return run(u, &q, NULL);
}

/* A chunk of the slice that the batches have in the first dimension. */
static status
create_chunk(struct unpack *u, struct pg_relation *out)
{
	const struct pg_hypertable *h = &u->c->hyper.table;
	json_t *slices CLEANUP(record_cleanup) = json_object();
	char *text CLEANUP_FREE = NULL;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	(void)json_object_set(slices, h->primary,
	    json_object_get(u->c->job->chunk.slices, h->primary));
	text = json_dumps(slices, JSON_COMPACT);
	sql_add(&q, "select c.schema_name, c.table_name from");
	sql_add(&q, " _timescaledb_functions.create_chunk(");
	add_relation(&q, u->table.oid);
	sql_add(&q, ", (select pg_catalog.jsonb_object_agg(w.key,");
	sql_add(&q, " pg_catalog.jsonb_build_array(");
	sql_add(&q, "(w.value ->> 0)::pg_catalog.int8,");
	sql_add(&q, " (w.value ->> 1)::pg_catalog.int8))");
	sql_add(&q, " from pg_catalog.jsonb_each(");
	sql_param(&q, text);
	sql_add(&q, "::pg_catalog.jsonb) as w)) as c");
	s = run(u, &q, &r);
	if (s != STATUS_OK)
		return s;
	out->schema = mem_strdup(pg_value(r, 0, 0));
	out->name = mem_strdup(pg_value(r, 0, 1));
	return STATUS_OK;
}

/* Its oid shows in a statement after the one that made it. */
static status
look_at_chunk(struct unpack *u, const struct pg_relation *made)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct str name CLEANUP(str_free) = STR_INIT;
	status s;

	sql_show_name(&name, made->schema, made->name);
	sql_add(&q, "select ");
	sql_param(&q, str_text(&name));
	sql_add(&q, "::pg_catalog.regclass::pg_catalog.oid");
	s = run(u, &q, &r);
	if (s != STATUS_OK)
		return s;
	if (pg_chunk_load(u->c->pg, (uint32_t)pg_int(r, 0, 0), NULL,
		&u->chunk) != STATUS_OK)
		return failure_from_pg(u->f, u->c->pg, "unpack batches");
	if (u->chunk.batches.oid != 0)
		return STATUS_OK;
	return failure_set(u->f, STATUS_FAIL, "could not unpack batches for %s",
	    u->c->job->target);
}

static status
make_chunk(struct unpack *u)
{
	struct pg_relation made = {0, NULL, NULL};
	status s = create_chunk(u, &made);

	if (s == STATUS_OK)
		s = hyper_call(u->c->pg, u->c->job, "compress_chunk", &made,
		    u->f);
	if (s == STATUS_OK)
		s = look_at_chunk(u, &made);
	pg_relation_free(&made);
	return s;
}

/* --- rows ------------------------------------------------------------------------------ */

static status
pour_rows(struct unpack *u, uint64_t *rows)
{
	const struct chore *c = u->c;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT, drop CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "insert into ");
	if (c->upsert.stage != NULL)
		sql_name(&q, "pg_temp", c->upsert.stage);
	else
		target_name(&q, &c->target);
	sql_add(&q, " (");
	columns_list(&q, c->job);
	sql_add(&q, ") overriding system value select ");
	columns_list(&q, c->job);
	sql_add(&q, " from ");
	sql_name(&q, u->table.schema, u->table.name);
	s = run(u, &q, &r);
	if (s != STATUS_OK)
		return s;
	*rows = pg_affected(r);
	sql_add(&drop, "drop table ");
	sql_name(&drop, u->table.schema, u->table.name);
	return run(u, &drop, NULL);
}

static status
unpack(struct unpack *u, uint64_t *rows)
{
	const json_t *columns =
	    json_object_get(u->c->job->chunk.batches, "columns");
	const struct pg_timescale *t;
	uint64_t batches;
	status s;

	if (pg_timescale(u->c->pg, &t) != STATUS_OK)
		return failure_from_pg(u->f, u->c->pg, "unpack batches");
	s = failure_do(u->f, u->c->pg,
	    "set local client_min_messages = 'error'", "unpack batches");
	if (s == STATUS_OK)
		s = make_table(u);
	if (s == STATUS_OK)
		s = make_hypertable(u, t->schema);
	if (s == STATUS_OK)
		s = set_compression(u);
	if (s == STATUS_OK)
		s = make_chunk(u);
	if (s == STATUS_OK)
		s = stage_make(u->c, columns, &u->chunk.batches, u->f);
	if (s == STATUS_OK)
		s = stage_fill(u->c, columns, NULL, &batches, u->f);
	if (s == STATUS_OK)
		s = stage_pour(u->c, columns, &u->chunk.batches, u->f);
	return s == STATUS_OK ? pour_rows(u, rows) : s;
}

static char *
new_name(const struct job *job)
{
	char *what CLEANUP_FREE =
	    mem_printf("%s %ld %.6f", job->chunk.id, (long)getpid(), num_now());

	return mem_printf("pgpipe_unpack_%016" PRIx64,
	    digest_hash(what, strlen(what)));
}

status
unpack_copy(struct chore *c, uint64_t *rows, struct failure *f)
{
	struct unpack u = {.c = c, .f = f};
	status s;

	u.table.schema = mem_strdup(c->hyper.table.relation.schema);
	u.table.name = new_name(c->job);
	s = unpack(&u, rows);
	pg_relation_free(&u.table);
	pg_chunk_free(&u.chunk);
	if (s != STATUS_OK && f->hint == NULL)
		failure_hint(f, "pg-copyout --decompress sends rows instead.");
	return s;
}
