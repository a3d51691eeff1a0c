/* SPDX-License-Identifier: PostgreSQL */
/*
 * Batches into the table that TimescaleDB made for them.
 */
#include "load/batches.h"

#include <stdlib.h>

#include "base/mem.h"
#include "load/columns.h"
#include "load/newchunk.h"
#include "load/stage.h"
#include "load/unpack.h"

/* --- may they stay as they are? ---------------------------------------------------------- */

/* Settings that are not there, null or empty are the same. */
static const json_t *
setting(const json_t *settings, const char *name)
{
	const json_t *value = json_object_get(settings, name);

	if (json_is_null(value) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		return NULL;
	return value;
}

static bool
same_settings(const json_t *a, const json_t *b)
{
	static const char *const names[] = {"segmentby", "orderby",
	    "orderby_desc", "orderby_nullsfirst"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *x = setting(a, names[i]);
		const json_t *y = setting(b, names[i]);

		if (x == NULL ? y != NULL : !json_equal(x, y))
			return false;
	}
	return true;
}

static const json_t *
batch_columns(const struct job *job)
{
	return json_object_get(job->chunk.batches, "columns");
}

/* The first column that only one side's batches have, or has as something
 * else. */
static char *
other_column(const json_t *columns, const struct pg_table *batches)
{
	const json_t *column;
	size_t i, found = 0;

	json_array_foreach(columns, i, column)
	{
		const char *name = record_text(column, "name");
		const struct pg_column *c =
		    name == NULL ? NULL : pg_table_column(batches, name);

		if (c == NULL ||
		    !str_eq(c->type_name, record_text(column, "type_name")))
			return mem_strdup(name == NULL ? "" : name);
		found++;
	}
	for (i = 0; i < batches->ncolumns && found < batches->ncolumns; i++) {
		const json_t *other;
		bool there = false;
		size_t k;

		json_array_foreach(columns, k, other) there = there ||
		    str_eq(record_text(other, "name"),
			batches->columns[i].name);
		if (!there)
			return mem_strdup(batches->columns[i].name);
	}
	return NULL;
}

/* What is inside of a batch is of the source's types. */
static char *
other_type(const struct job *job, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++) {
		const json_t *from = json_array_get(job->columns, i);
		const char *name = columns_name(job, i);
		const struct pg_column *to = pg_table_column(t, name);

		if (to == NULL ||
		    !str_eq(to->type_name, record_text(from, "type_name")) ||
		    !str_eq(to->typmod_text, record_text(from, "type")))
			return mem_strdup(name);
	}
	return NULL;
}

static char *
unfit(const struct job *job, const struct hyper *h, const char *version,
    const struct pg_table *table, const struct pg_table *batches,
    const char *order)
{
	const json_t *b = job->chunk.batches;
	const char *theirs = record_text(b, "extension");
	char *name CLEANUP_FREE = NULL;

	if (theirs == NULL || pg_timescale_compare(theirs, version) > 0)
		return mem_printf("it comes from a newer TimescaleDB (%s)",
		    theirs == NULL ? "unknown" : theirs);
	if (!same_settings(json_object_get(b, "settings"), h->chunk->settings))
		return mem_strdup("its compression settings are others than "
				  "the target's");
	if (!str_eq(order, record_text(b, "order")))
		return mem_printf("its texts and enums are in another order "
				  "(%s)",
		    record_text(b, "order") == NULL ? "none"
						    : record_text(b, "order"));
	if (h->chunk->fills)
		return mem_strdup("the target's chunk has columns that were "
				  "added with a default");
	name = other_column(batch_columns(job), batches);
	if (name != NULL)
		return mem_printf("batches differ in column \"%s\"", name);
	name = other_type(job, table);
	if (name != NULL)
		return mem_printf("column \"%s\" is of another type", name);
	return NULL;
}

status
batches_fit(struct pg *pg, const struct job *job, const struct hyper *h,
    char **why, struct failure *f)
{
	const struct pg_relation *r = &h->table.relation;
	const struct pg_relation *b = &h->chunk->batches;
	const struct pg_timescale *t;
	struct pg_table table = {0}, batches = {0};
	char *order CLEANUP_FREE = NULL;
	status s = STATUS_OK;

	*why = NULL;
	if (b->oid == 0) {
		*why = mem_strdup("the target's chunk has no batches");
		return s;
	}
	if (pg_timescale(pg, &t) != STATUS_OK ||
	    pg_table_load(pg, r->schema, r->name, &table) != STATUS_OK ||
	    pg_table_load(pg, b->schema, b->name, &batches) != STATUS_OK ||
	    pg_batch_order(pg, b, &order) != STATUS_OK)
		s = failure_from_pg(f, pg, "look at a chunk of %s",
		    job->target);
	else
		*why = unfit(job, h, t->version, &table, &batches, order);
	pg_table_free(&table);
	pg_table_free(&batches);
	return s;
}

/* --- taking them in ---------------------------------------------------------------------- */

static bool
any_bytes(const json_t *columns)
{
	const json_t *column;
	size_t i;

	json_array_foreach(columns, i,
	    column) if (record_flag(column, "bytes")) return true;
	return false;
}

static status
count_rows(struct chore *c, const struct pg_relation *b, uint64_t *rows,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select coalesce(pg_catalog.sum(" PG_BATCH_COUNT ")");
	sql_add(&q, ", 0)::pg_catalog.int8 from only ");
	sql_name(&q, b->schema, b->name);
	s = failure_run(f, c->pg, &q, &r, "count the rows of %s",
	    c->job->target);
	if (s == STATUS_OK)
		*rows = (uint64_t)pg_int(r, 0, 0);
	return s;
}

static status
expect(const struct chore *c, uint64_t batches, struct failure *f)
{
	int64_t said = record_int(c->job->outcome, "batches");

	/* Until the chunk has ended, nobody knows; then it is looked at. */
	if (c->job->outcome == NULL || said < 0 || (uint64_t)said == batches)
		return STATUS_OK;
	return failure_set(f, STATUS_FAIL,
	    "%llu batches were loaded where the source sent %lld",
	    (unsigned long long)batches, (long long)said);
}

static status
keep(struct chore *c, uint64_t *rows, struct failure *f)
{
	const struct pg_relation *b = &c->hyper.chunk->batches;
	const json_t *columns = batch_columns(c->job);
	uint64_t before = 0, after = 0, batches = 0;
	status s = STATUS_OK;

	if (c->hyper.adopt) {
		s = newchunk_like(c->pg, c->job, b,
		    c->hyper.table.relation.schema, true, &c->hyper.own, f);
		b = &c->hyper.own;
	}
	if (s == STATUS_OK)
		s = count_rows(c, b, &before, f);
	if (s == STATUS_OK && any_bytes(columns) &&
	    stage_format(c->job) == COPY_BINARY) {
		s = stage_make(c, columns, b, f);
		if (s == STATUS_OK)
			s = stage_fill(c, columns, NULL, &batches, f);
		if (s == STATUS_OK)
			s = stage_pour(c, columns, b, f);
	} else if (s == STATUS_OK)
		s = stage_fill(c, columns, b, &batches, f);
	if (s == STATUS_OK)
		s = expect(c, batches, f);
	if (s == STATUS_OK)
		s = count_rows(c, b, &after, f);
	*rows = after - before;
	return s;
}

status
batches_copy(struct chore *c, uint64_t *rows, struct failure *f)
{
	*rows = 0;
	return c->hyper.unpack ? unpack_copy(c, rows, f) : keep(c, rows, f);
}
