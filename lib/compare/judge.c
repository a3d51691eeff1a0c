/* SPDX-License-Identifier: PostgreSQL */
/*
 * Verdicts: what a line says beside what one server holds, or what two
 * servers hold.
 */
#include "compare/judge_private.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "compare/batches.h"

const char *
judge_where(const struct question *q)
{
	return q->whole ? q->chunk->within : q->chunk->where;
}

void
judge_fail(struct verdict *v, const struct side *s, status class)
{
	v->kind = VERDICT_UNPROVED;
	v->class = class;
	json_decref(v->error);
	v->error = side_error(s, class);
}

const json_t *
judge_columns(const struct question *q)
{
	const json_t *columns = json_object_get(q->chunk->record, "columns");

	return json_is_null(columns) ? NULL : columns;
}

/* The line's columns, or those of the relation.  False: a verdict was set. */
bool
judge_shape(const struct question *q, const struct pg_table *t,
    struct shape *shape, struct verdict *v)
{
	const json_t *columns = judge_columns(q);

	if (columns == NULL) {
		shape_from_table(t, shape);
		return true;
	}
	if (shape_from_json(columns, shape))
		return true;
	verdict_set(v, VERDICT_UNPROVED,
	    "the \"columns\" of the line are not understood");
	return false;
}

/* False: a verdict was set. */
bool
judge_ranged(const struct seat *p, struct verdict *v)
{
	if (p->plain)
		verdict_set(v, VERDICT_UNPROVED,
		    "\"%s\" is no hypertable on the target, so that it is "
		    "not known which of its rows belong to the chunk",
		    p->table->name);
	return !p->plain;
}

/* --- one server ----------------------------------------------------------- */

/* After a digest in a transaction.  False: a verdict was set. */
bool
judge_intact(struct side *s, const struct rowset *rows, struct verdict *v)
{
	const char *broken = NULL;
	status st = side_intact(s, rows, &broken);

	if (st != STATUS_OK) {
		judge_fail(v, s, st);
	} else if (broken != NULL) {
		verdict_set(v, VERDICT_UNPROVED, "%s", broken);
		v->class = STATUS_RETRY;
	}
	return st == STATUS_OK && broken == NULL;
}

/* What the target's columns rule out.  False: a verdict was set. */
bool
judge_agree(const struct shape *shape, const struct pg_table *t,
    enum digest_kind kind, struct verdict *v)
{
	const struct shape_column *c = shape_lacking(shape, t);

	if (c != NULL) {
		verdict_set(v, VERDICT_DIFFER,
		    "column \"%s\" is not there on the target", c->name);
		return false;
	}
	c = shape_reordered(shape, t);
	if (c != NULL) {
		verdict_set(v, VERDICT_UNPROVED,
		    "column \"%s\" holds %s at the source and %s on the "
		    "target, and values of a composite type go by the order "
		    "of its fields",
		    c->name, c->fields, pg_table_column(t, c->name)->fields);
		return false;
	}
	c = kind == DIGEST_SEND ? shape_clash(shape, t) : NULL;
	if (c == NULL)
		return true;
	verdict_set(v, VERDICT_UNPROVED,
	    "column \"%s\" is %s in the line and %s on the target, so that "
	    "their digests cannot be compared; --source and --target compare "
	    "their text",
	    c->name, c->type == NULL ? "of another type" : c->type,
	    pg_table_column(t, c->name)->typmod_text);
	return false;
}

/* A relation that is known to have these columns: for a digest it takes no
 * more than their names, and casts that make their types canonical. */
static void
fill_table(const struct question *q, const struct shape *shape, char kind,
    struct pg_table *t)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->schema = mem_strdup(q->chunk->target_schema);
	t->name = mem_strdup(q->chunk->target_table);
	t->exists = true;
	t->kind = kind;
	t->ncolumns = shape->n;
	t->columns = mem_zalloc((shape->n + 1) * sizeof(*t->columns));
	for (i = 0; i < shape->n; i++) {
		struct pg_column *c = &t->columns[i];

		c->name = mem_strdup(shape->names[i]);
		if (q->expected.kind == DIGEST_SEND)
			c->canonical = mem_strdup(shape->columns[i].canonical);
	}
}

static void
compare_expected(struct judge *j, const struct question *q,
    const struct pg_table *t, const char *where, const struct shape *shape,
    struct verdict *v)
{
	struct rowset rows = {.table = t,
	    .where = where,
	    .shape = shape,
	    .kind = q->expected.kind};
	status st = side_digest(&j->side[TARGET], &rows, &v->target);

	if (st != STATUS_OK)
		judge_fail(v, &j->side[TARGET], st);
	else if (digest_eq(&v->target, &q->expected))
		v->kind = VERDICT_MATCH;
	else if (rows.kind == DIGEST_SEND && shape_arrays(shape) &&
	    v->target.rows == q->expected.rows)
		verdict_set(v, VERDICT_DIFFER,
		    "as many rows, not sent the same; if it is but arrays "
		    "that held nulls once, --source and --target tell");
	else
		v->kind = VERDICT_DIFFER;
}

/* The way for lines that say their columns: next to nothing is fetched. */
static status
judge_like(struct judge *j, const struct question *q, struct shape *shape,
    bool *done, struct verdict *v)
{
	enum side_likeness like;
	struct pg_table t;
	char kind = 0;
	status st = side_like(&j->side[TARGET], q->chunk->target_schema,
	    q->chunk->target_table, shape, q->expected.kind, &like, &kind);

	*done = st != STATUS_OK || like != SIDE_OTHER;
	if (st != STATUS_OK) {
		judge_fail(v, &j->side[TARGET], st);
	} else if (like == SIDE_MISSING) {
		v->kind = VERDICT_MISSING;
	} else if (like == SIDE_SAME) {
		fill_table(q, shape, kind, &t);
		compare_expected(j, q, &t, judge_where(q), shape, v);
		pg_table_free(&t);
	}
	return st;
}

/* A chunk that was copied compressed. */
static void
compare_batches(struct judge *j, const struct question *q, const struct seat *p,
    const struct shape *shape, struct verdict *v)
{
	struct side *s = &j->side[TARGET];
	struct batch_kind kind;
	char *why CLEANUP_FREE = NULL;
	status st;

	if (!batch_kind_from_line(q->chunk, &kind)) {
		verdict_set(v, VERDICT_UNPROVED,
		    "the line does not say what its batches are");
		return;
	}
	st = batches_digest(s, p, &kind, shape, &v->target, &why);
	if (st != STATUS_OK)
		judge_fail(v, s, st);
	else if (why != NULL)
		verdict_set(v, VERDICT_UNPROVED,
		    "it was copied compressed, and %s; --source and --target "
		    "compare rows",
		    why);
	else if (digest_eq(&v->target, &q->expected))
		v->kind = VERDICT_MATCH;
	else if (v->target.rows != q->expected.rows)
		v->kind = VERDICT_DIFFER;
	else
		verdict_set(v, VERDICT_DIFFER,
		    "as many rows, in other batches; if it was compressed "
		    "again, --source and --target compare rows");
}

static void
judge_table(struct judge *j, const struct question *q, struct verdict *v)
{
	struct side *s = &j->side[TARGET];
	struct seat p CLEANUP(seat_free) = {.table = NULL};
	struct shape shape CLEANUP_SHAPE = {0};
	bool batches = q->expected.kind == DIGEST_BATCHES;
	status st = seat_find(s, q->chunk, judge_where(q), false, &p);

	if (st != STATUS_OK)
		judge_fail(v, s, st);
	else if (!p.table->exists)
		v->kind = p.empty && q->expected.rows == 0 ? VERDICT_MATCH
							   : VERDICT_MISSING;
	else if (judge_ranged(&p, v) && judge_shape(q, p.table, &shape, v) &&
	    judge_agree(&shape, p.table,
		batches ? DIGEST_SEND : q->expected.kind, v)) {
		if (batches)
			compare_batches(j, q, &p, &shape, v);
		else
			compare_expected(j, q, p.table, p.where, &shape, v);
	}
}

static void
judge_expected(struct judge *j, const struct question *q, struct verdict *v)
{
	struct shape shape CLEANUP_SHAPE = {0};
	bool done = false;

	v->source = q->expected;
	if (!q->chunk->hypertable && judge_columns(q) != NULL &&
	    shape_from_json(judge_columns(q), &shape))
		(void)judge_like(j, q, &shape, &done, v);
	if (!done)
		judge_table(j, q, v);
}

/* ctid ranges of one database say nothing in another. */
static bool
foreign_slice(struct judge *j, const struct question *q, struct verdict *v)
{
	const struct chunk *c = q->chunk;
	struct pg *pg = j->side[TARGET].pg;
	const char *system;

	if (c->by != SLICE_CTID)
		return false;
	system = c->system == NULL ? NULL : pg_system(pg);
	if ((c->database == NULL || str_eq(c->database, pg_database(pg))) &&
	    (system == NULL || str_eq(c->system, system)))
		return false;
	verdict_set(v, VERDICT_UNPROVED,
	    "the slice is one of database \"%s\" and names no rows of this one",
	    c->database == NULL ? "" : c->database);
	return true;
}

static void
take_digest(struct judge *j, const struct question *q, const struct pg_table *t,
    struct verdict *v)
{
	struct shape shape CLEANUP_SHAPE = {0};
	struct rowset rows = {.table = t,
	    .where = judge_where(q),
	    .shape = &shape};
	status st;

	if (!judge_shape(q, t, &shape, v))
		return;
	if (shape_lacking(&shape, t) != NULL) {
		verdict_set(v, VERDICT_UNPROVED, "column \"%s\" is not there",
		    shape_lacking(&shape, t)->name);
		return;
	}
	rows.kind = shape_binary(&shape, t) ? DIGEST_SEND : DIGEST_TEXT;
	st = side_digest(&j->side[TARGET], &rows, &v->target);
	if (st != STATUS_OK) {
		judge_fail(v, &j->side[TARGET], st);
		return;
	}
	if (!judge_intact(&j->side[TARGET], &rows, v))
		return;
	v->kind = VERDICT_DIGEST;
	if (judge_columns(q) == NULL)
		(void)json_object_set_new(v->add, "columns",
		    pg_table_columns_json(t));
}

static void
judge_digest(struct judge *j, const struct question *q, struct verdict *v)
{
	struct side *s = &j->side[TARGET];
	const struct pg_table *t = NULL;
	const char *id;
	status st;

	if (foreign_slice(j, q, v))
		return;
	st = holder_snapshot(j->holder, &id, &v->add);
	if (st == STATUS_OK)
		st = side_begin(s, id);
	if (st == STATUS_OK && q->chunk->hypertable)
		st = side_hypertable(s, q->chunk->schema, q->chunk->table, &t);
	else if (st == STATUS_OK)
		st = judge_columns(q) == NULL
		    ? side_table_brief(s, q->chunk->target_schema,
			  q->chunk->target_table, &t)
		    : side_table(s, q->chunk->target_schema,
			  q->chunk->target_table, &t);
	if (st != STATUS_OK)
		judge_fail(v, s, st);
	else if (!t->exists)
		v->kind = VERDICT_MISSING;
	else
		take_digest(j, q, t, v);
	side_end(s);
}

void
judge_chunk(struct judge *j, const struct question *q, struct verdict *v)
{
	double start = num_now();

	*v = (struct verdict){.kind = VERDICT_UNPROVED};
	if (j->options->pair)
		judge_pair(j, q, v);
	else if (q->expects)
		judge_expected(j, q, v);
	else
		judge_digest(j, q, v);
	v->seconds = num_now() - start;
}
