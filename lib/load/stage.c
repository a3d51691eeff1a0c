/* SPDX-License-Identifier: PostgreSQL */
/*
 * Batches by way of a temporary table.
 */
#include "load/stage.h"

#include "base/mem.h"
#include "data/archive.h"

#define STAGE "pgpipe_batches"

enum copy_format
stage_format(const struct job *job)
{
	return str_eq(record_text(job->chunk.batches, "format"), "text")
	    ? COPY_TEXT
	    : COPY_BINARY;
}

/* Bytes are what comes in binary; text is the type's own. */
static bool
as_bytes(const struct job *job, const json_t *column)
{
	return record_flag(column, "bytes") && stage_format(job) == COPY_BINARY;
}

/* The type of a column that the target's batches do not have: batches of
 * compressed data are the same type everywhere. */
static void
add_type(struct sql *q, const struct job *job, const json_t *column,
    const struct pg_table *like)
{
	const struct pg_column *c =
	    pg_table_column(like, record_text(column, "name"));

	if (as_bytes(job, column))
		sql_add(q, "pg_catalog.bytea");
	else if (c != NULL)
		sql_given(q, c->type_name);
	else
		sql_given(q, record_text(column, "type_name"));
}

status
stage_make(struct chore *c, const json_t *columns,
    const struct pg_relation *like, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct pg_table table = {0};
	const json_t *column;
	size_t i;

	if (pg_table_load(c->pg, like->schema, like->name, &table) != STATUS_OK)
		return failure_from_pg(f, c->pg, "look at a chunk of %s",
		    c->job->target);
	sql_add(&q, "create temporary table ");
	sql_name(&q, "pg_temp", STAGE);
	sql_add(&q, " (");
	json_array_foreach(columns, i, column)
	{
		if (i > 0)
			sql_add(&q, ", ");
		sql_ident(&q, record_text(column, "name"));
		sql_add(&q, " ");
		add_type(&q, c->job, column, &table);
	}
	sql_add(&q, ") on commit drop");
	pg_table_free(&table);
	return failure_run(f, c->pg, &q, NULL, "make a temporary table");
}

static void
add_names(struct sql *q, const json_t *columns)
{
	const json_t *column;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		if (i > 0)
			sql_add(q, ", ");
		sql_ident(q, record_text(column, "name"));
	}
}

status
stage_fill(struct chore *c, const json_t *columns,
    const struct pg_relation *into, uint64_t *batches, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "copy ");
	if (into == NULL)
		sql_name(&q, "pg_temp", STAGE);
	else
		sql_name(&q, into->schema, into->name);
	sql_add(&q, " (");
	add_names(&q, columns);
	sql_add(&q, ") from stdin with (format ");
	if (stage_format(c->job) == COPY_TEXT)
		sql_add(&q, "text");
	else
		sql_add(&q, "binary");
	/* A table that was made in this transaction. */
	if (into == NULL || into->oid == c->hyper.own.oid)
		sql_add(&q, ", freeze)");
	else
		sql_add(&q, ")");
	return chore_send(c, ARCHIVE_BATCHES, &q, batches, f);
}

status
stage_pour(struct chore *c, const json_t *columns,
    const struct pg_relation *into, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT, values CLEANUP_SQL = SQL_INIT;
	struct pg_table table = {0};
	const json_t *column;
	bool any = false;
	status s;
	size_t i;

	if (pg_table_load(c->pg, into->schema, into->name, &table) != STATUS_OK)
		return failure_from_pg(f, c->pg, "look at a chunk of %s",
		    c->job->target);
	sql_add(&q, "insert into ");
	sql_name(&q, into->schema, into->name);
	sql_add(&q, " (");
	json_array_foreach(columns, i, column)
	{
		const char *name = record_text(column, "name");
		const struct pg_column *to = pg_table_column(&table, name);

		if (to == NULL)
			continue;
		if (any) {
			sql_add(&q, ", ");
			sql_add(&values, ", ");
		}
		any = true;
		sql_ident(&q, name);
		sql_ident(&values, name);
		/* The type's input makes of the text what it was. */
		if (as_bytes(c->job, column)) {
			sql_add(&values, "::pg_catalog.text::");
			sql_given(&values, to->type_name);
		}
	}
	sql_add(&q, ") select ");
	sql_given(&q, str_text(&values.text));
	sql_add(&q, " from ");
	sql_name(&q, "pg_temp", STAGE);
	pg_table_free(&table);
	s = failure_run(f, c->pg, &q, NULL, "load batches into %s",
	    c->job->target);
	return s == STATUS_OK
	    ? failure_do(f, c->pg, "drop table pg_temp." STAGE,
		  "drop a temporary table")
	    : s;
}
