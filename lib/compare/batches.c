/* SPDX-License-Identifier: PostgreSQL */
/*
 * Batches and what is besides them, in one query.
 */
#include "compare/batches.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

bool
batches_there(const struct seat *p)
{
	return (p->chunk.status & PG_CHUNK_COMPRESSED) != 0 &&
	    p->chunk.batches.oid != 0 && p->where == NULL;
}

static enum digest_kind
kind_of(const json_t *record)
{
	return str_eq(record_text(record, "format"), "binary") ? DIGEST_SEND
							       : DIGEST_TEXT;
}

bool
batch_kind_from_line(const struct chunk *c, struct batch_kind *out)
{
	if (c->batches == NULL)
		return false;
	out->columns = json_object_get(c->batches, "columns");
	out->batches = kind_of(c->batches);
	out->rows = kind_of(c->record);
	return json_array_size(out->columns) > 0;
}

static status
load(struct side *s, const struct seat *p, struct pg_table *out)
{
	const struct pg_relation *b = &p->chunk.batches;
	status st = pg_table_load(s->pg, b->schema, b->name, out);

	if (st != STATUS_OK)
		pg_report(s->pg, "look at compressed rows");
	else
		pg_table_batches(out);
	return st;
}

status
batch_kind_from_place(struct side *s, const struct seat *p,
    struct batch_kind *out, json_t **columns)
{
	struct pg_table t = {0};
	status st = load(s, p, &t);

	*columns = NULL;
	if (st != STATUS_OK)
		return st;
	*columns = pg_table_columns_json(&t);
	out->columns = *columns;
	out->batches = pg_table_binary(&t) ? DIGEST_SEND : DIGEST_TEXT;
	out->rows = pg_table_binary(p->table) ? DIGEST_SEND : DIGEST_TEXT;
	pg_table_free(&t);
	return STATUS_OK;
}

/* Batches without one of the columns are others. */
static const char *
lacking(const json_t *columns, const struct pg_table *t)
{
	const json_t *column;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		const char *name = record_text(column, "name");
		const struct pg_column *c =
		    name == NULL ? NULL : pg_table_column(t, name);

		if (c == NULL ||
		    !str_eq(c->type_name, record_text(column, "type_name")))
			return name == NULL ? "" : name;
	}
	return pg_table_column(t, PG_BATCH_COUNT) == NULL ? PG_BATCH_COUNT
							  : NULL;
}

static status
add_batches(const struct pg_table *t, const struct batch_kind *kind,
    struct sql *sql)
{
	size_t i, n = json_array_size(kind->columns);
	const char **names CLEANUP_FREE = mem_alloc((n + 1) * sizeof(*names));
	status st;

	for (i = 0; i < n; i++)
		names[i] =
		    record_text(json_array_get(kind->columns, i), "name");
	sql_add(sql, "(select pg_catalog.count(*) as n, pg_catalog.sum(");
	st = pg_table_digest_expr(t, kind->batches, names, n, sql);
	sql_add(sql, ") as h, coalesce(pg_catalog.sum(" PG_BATCH_COUNT "), 0)");
	sql_add(sql, " as r from only ");
	sql_name(sql, t->schema, t->name);
	sql_add(sql, ") as b");
	return st;
}

static status
add_rows(const struct seat *p, const struct batch_kind *kind,
    const struct shape *shape, struct sql *sql)
{
	status st;

	sql_add(sql, "(select pg_catalog.count(*) as n, pg_catalog.sum(");
	st = pg_table_digest_expr(p->table, kind->rows, shape->names, shape->n,
	    sql);
	sql_add(sql, ") as h from only ");
	sql_name(sql, p->table->schema, p->table->name);
	sql_add(sql, ") as o");
	return st;
}

static status
ask(struct side *s, const struct seat *p, const struct pg_table *t,
    const struct batch_kind *kind, const struct shape *shape,
    struct digest *out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct digest batches, rest;
	status st;

	sql_add(&sql, "select b.n, b.h, b.r, o.n, o.h from ");
	st = add_batches(t, kind, &sql);
	if (st != STATUS_OK)
		return st;
	sql_add(&sql, ", ");
	st = add_rows(p, kind, shape, &sql);
	if (st == STATUS_OK)
		st = pg_run(s->pg, "take the digest of a compressed chunk",
		    &sql, &r);
	if (st != STATUS_OK)
		return st;
	if (!digest_from_sql(kind->batches, pg_value(r, 0, 0),
		pg_value(r, 0, 1), &batches) ||
	    !digest_from_sql(kind->rows, pg_value(r, 0, 3), pg_value(r, 0, 4),
		&rest)) {
		log_error("could not understand the digest of a compressed "
			  "chunk");
		return STATUS_FAIL;
	}
	*out = digest_batches((uint64_t)pg_int(r, 0, 2) + rest.rows, &batches,
	    &rest);
	return STATUS_OK;
}

status
batches_digest(struct side *s, const struct seat *p,
    const struct batch_kind *kind, const struct shape *shape,
    struct digest *out, char **why)
{
	struct pg_table t = {0};
	const char *name;
	status st;

	*why = NULL;
	if (!batches_there(p))
		*why = mem_strdup("it is not held in batches there");
	else if (!s->hashes)
		*why = mem_strdup("the server's hash functions cannot be used");
	if (*why != NULL)
		return STATUS_OK;
	st = load(s, p, &t);
	if (st != STATUS_OK)
		return st;
	name = lacking(kind->columns, &t);
	if (name != NULL)
		*why = mem_printf("its batches have no column \"%s\" like that",
		    name);
	else
		st = ask(s, p, &t, kind, shape, out);
	pg_table_free(&t);
	return st;
}
