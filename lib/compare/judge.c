/* SPDX-License-Identifier: PostgreSQL */
/*
 * Verdicts: what a line says beside what one server holds, or what two
 * servers hold.
 */
#include "compare/judge.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "compare/batches.h"
#include "compare/drill.h"
#include "compare/place.h"

static const char *
where_of(const struct question *q)
{
	return q->whole ? q->chunk->within : q->chunk->where;
}

static void
fail(struct verdict *v, const struct side *s, status class)
{
	v->kind = VERDICT_UNPROVED;
	v->class = class;
	json_decref(v->error);
	v->error = side_error(s, class);
}

static const json_t *
line_columns(const struct question *q)
{
	const json_t *columns = json_object_get(q->chunk->record, "columns");

	return json_is_null(columns) ? NULL : columns;
}

/* The line's columns, or those of the relation.  False: a verdict was set. */
static bool
choose_columns(const struct question *q, const struct pg_table *t,
    struct shape *shape, struct verdict *v)
{
	const json_t *columns = line_columns(q);

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

/* --- one server ----------------------------------------------------------- */

/* After a digest in a transaction.  False: a verdict was set. */
static bool
was_intact(struct side *s, const struct rowset *rows, struct verdict *v)
{
	bool intact;
	status st = side_intact(s, rows, &intact);

	if (st != STATUS_OK) {
		fail(v, s, st);
	} else if (!intact) {
		verdict_set(v, VERDICT_UNPROVED,
		    "it was truncated or rewritten after the snapshot was "
		    "taken");
		v->class = STATUS_RETRY;
	}
	return st == STATUS_OK && intact;
}

/* What the target's columns rule out.  False: a verdict was set. */
static bool
columns_agree(const struct shape *shape, const struct pg_table *t,
    enum digest_kind kind, struct verdict *v)
{
	const struct shape_column *c = shape_lacking(shape, t);

	if (c != NULL) {
		verdict_set(v, VERDICT_DIFFER,
		    "column \"%s\" is not there on the target", c->name);
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
		fail(v, &j->side[TARGET], st);
	else
		v->kind = digest_eq(&v->target, &q->expected) ? VERDICT_MATCH
							      : VERDICT_DIFFER;
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
		fail(v, &j->side[TARGET], st);
	} else if (like == SIDE_MISSING) {
		v->kind = VERDICT_MISSING;
	} else if (like == SIDE_SAME) {
		fill_table(q, shape, kind, &t);
		compare_expected(j, q, &t, where_of(q), shape, v);
		pg_table_free(&t);
	}
	return st;
}

/* A chunk that was copied compressed. */
static void
compare_batches(struct judge *j, const struct question *q,
    const struct place *p, const struct shape *shape, struct verdict *v)
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
		fail(v, s, st);
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
	struct place p CLEANUP(place_free) = {.table = NULL};
	struct shape shape CLEANUP_SHAPE = {0};
	bool batches = q->expected.kind == DIGEST_BATCHES;
	status st = place_find(s, q->chunk, where_of(q), false, &p);

	if (st != STATUS_OK)
		fail(v, s, st);
	else if (!p.table->exists)
		v->kind = q->chunk->hypertable && q->expected.rows == 0
		    ? VERDICT_MATCH
		    : VERDICT_MISSING;
	else if (choose_columns(q, p.table, &shape, v) &&
	    columns_agree(&shape, p.table,
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
	if (!q->chunk->hypertable && line_columns(q) != NULL &&
	    shape_from_json(line_columns(q), &shape))
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
	    .where = where_of(q),
	    .shape = &shape};
	status st;

	if (!choose_columns(q, t, &shape, v))
		return;
	if (shape_lacking(&shape, t) != NULL) {
		verdict_set(v, VERDICT_UNPROVED, "column \"%s\" is not there",
		    shape_lacking(&shape, t)->name);
		return;
	}
	rows.kind = shape_binary(&shape, t) ? DIGEST_SEND : DIGEST_TEXT;
	st = side_digest(&j->side[TARGET], &rows, &v->target);
	if (st != STATUS_OK) {
		fail(v, &j->side[TARGET], st);
		return;
	}
	if (!was_intact(&j->side[TARGET], &rows, v))
		return;
	v->kind = VERDICT_DIGEST;
	if (line_columns(q) == NULL)
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
		st = line_columns(q) == NULL
		    ? side_table_brief(s, q->chunk->target_schema,
			  q->chunk->target_table, &t)
		    : side_table(s, q->chunk->target_schema,
			  q->chunk->target_table, &t);
	if (st != STATUS_OK)
		fail(v, s, st);
	else if (!t->exists)
		v->kind = VERDICT_MISSING;
	else
		take_digest(j, q, t, v);
	side_end(s);
}

/* --- two servers ------------------------------------------------------------ */

/* One side's part of the work. */
struct half {
	struct side *side;
	const struct question *question;
	bool own; /* the side that the line is of */
	bool transaction;
	struct place place;
	const struct pg_table *table; /* the place's */
	struct rowset rows;
	struct digest digest;
};

static status
find_table(void *arg)
{
	struct half *h = arg;
	status st = h->transaction ? side_begin(h->side, NULL) : STATUS_OK;

	if (st != STATUS_OK)
		return st;
	st = place_find(h->side, h->question->chunk, where_of(h->question),
	    h->own, &h->place);
	h->table = h->place.table;
	return st;
}

static status
find_digest(void *arg)
{
	struct half *h = arg;

	return side_digest(h->side, &h->rows, &h->digest);
}

/* False: one of them failed, and the verdict says so. */
static bool
both_halves(struct half half[SIDES], both_fn fn, struct verdict *v)
{
	status st[SIDES];
	int i;

	both_run(fn, &half[SOURCE], &half[TARGET], st);
	for (i = SIDES - 1; i >= 0; i--)
		if (st[i] != STATUS_OK)
			fail(v, half[i].side, st[i]);
	v->class = status_worse(st[SOURCE], st[TARGET]);
	return v->class == STATUS_OK;
}

/* The first column whose canonical types differ, or NULL. */
static const char *
types_differ(const struct shape *shape, const struct half half[SIDES])
{
	size_t i;

	for (i = 0; i < shape->n; i++) {
		const struct pg_column *a =
		    pg_table_column(half[SOURCE].table, shape->names[i]);
		const struct pg_column *b =
		    pg_table_column(half[TARGET].table, shape->names[i]);

		if (a->digest.type != b->digest.type)
			return shape->names[i];
	}
	return NULL;
}

static enum digest_kind
pair_kind(const struct question *q, const struct shape *shape,
    const struct half half[SIDES])
{
	if (q->expects && q->expected.kind == DIGEST_TEXT)
		return DIGEST_TEXT;
	if (types_differ(shape, half) != NULL ||
	    !shape_binary(shape, half[SOURCE].table) ||
	    !shape_binary(shape, half[TARGET].table))
		return DIGEST_TEXT;
	return DIGEST_SEND;
}

/* Does the source give another digest than the line does? */
static status
has_moved(const struct question *q, const struct shape *shape,
    struct half *source, bool *moved)
{
	struct shape said CLEANUP_SHAPE = {0};
	struct rowset rows = source->rows;
	struct digest now;
	status st;

	(void)shape;
	/* Batches are no rows: nothing is known of those. */
	*moved = false;
	if (q->expected.kind == DIGEST_BATCHES)
		return STATUS_OK;
	if (source->rows.kind == q->expected.kind) {
		*moved = !digest_eq(&source->digest, &q->expected);
		return STATUS_OK;
	}
	/* Its types have changed since. */
	if (line_columns(q) != NULL &&
	    shape_from_json(line_columns(q), &said) &&
	    shape_clash(&said, source->table) != NULL) {
		*moved = true;
		return STATUS_OK;
	}
	rows.kind = q->expected.kind;
	st = side_digest(source->side, &rows, &now);
	*moved = st == STATUS_OK && !digest_eq(&now, &q->expected);
	return st;
}

static void
explain_text(const struct shape *shape, const struct half half[SIDES],
    struct verdict *v)
{
	const char *name = types_differ(shape, half);

	if (name != NULL)
		verdict_set(v, v->kind,
		    "compared as text, because column \"%s\" is %s on the "
		    "source and %s on the target",
		    name,
		    pg_table_column(half[SOURCE].table, name)->typmod_text,
		    pg_table_column(half[TARGET].table, name)->typmod_text);
}

static void
find_rows(struct judge *j, const struct question *q, struct half half[SIDES],
    struct verdict *v)
{
	struct drill_task task = {.side = {half[SOURCE].side,
				      half[TARGET].side},
	    .rows = {&half[SOURCE].rows, &half[TARGET].rows},
	    .digest = {&half[SOURCE].digest, &half[TARGET].digest},
	    .chunk = q->chunk,
	    .whole = q->whole,
	    .key = &j->options->key,
	    .max = j->options->max_rows,
	    .values = j->options->values};
	int failed = TARGET;
	status st = drill(&task, &v->rows, &failed);

	if (st == STATUS_OK)
		return;
	v->class = status_worse(v->class, st);
	if (v->error == NULL)
		v->error = side_error(half[failed].side, st);
}

static void
compare_halves(struct judge *j, const struct question *q,
    const struct shape *shape, struct half half[SIDES], struct verdict *v)
{
	enum digest_kind kind = pair_kind(q, shape, half);
	int i;

	for (i = 0; i < SIDES; i++)
		half[i].rows = (struct rowset){.table = half[i].table,
		    .where = half[i].place.where,
		    .shape = shape,
		    .kind = kind};
	if (!both_halves(half, find_digest, v))
		return;
	for (i = 0; i < SIDES && half[i].transaction; i++)
		if (!was_intact(half[i].side, &half[i].rows, v))
			return;
	v->source = half[SOURCE].digest;
	v->target = half[TARGET].digest;
	if (digest_eq(&v->source, &v->target)) {
		v->kind = VERDICT_MATCH;
		return;
	}
	v->kind = VERDICT_DIFFER;
	explain_text(shape, half, v);
	if (q->expects) {
		v->class = has_moved(q, shape, &half[SOURCE], &v->moved);
		if (v->class != STATUS_OK)
			v->error = side_error(half[SOURCE].side, v->class);
	}
	if (j->options->rows && v->class == STATUS_OK)
		find_rows(j, q, half, v);
}

/*
 * Both sides hold batches of the same kind, and the same ones: then the rows
 * are the same, too, and nothing needs to be decompressed to know it.
 */
static void
compare_compressed(struct half half[SIDES], const struct shape *shape,
    bool *done, struct verdict *v)
{
	json_t *columns CLEANUP(record_cleanup) = NULL;
	struct batch_kind kind;
	struct digest digest[SIDES];
	int i;

	*done = false;
	if (!batches_there(&half[SOURCE].place) ||
	    !batches_there(&half[TARGET].place))
		return;
	*done = true;
	v->class = batch_kind_from_place(half[SOURCE].side, &half[SOURCE].place,
	    &kind, &columns);
	for (i = 0; i < SIDES && v->class == STATUS_OK && *done; i++) {
		char *why CLEANUP_FREE = NULL;

		v->class = batches_digest(half[i].side, &half[i].place, &kind,
		    shape, &digest[i], &why);
		if (v->class != STATUS_OK)
			fail(v, half[i].side, v->class);
		*done = why == NULL;
	}
	if (v->class != STATUS_OK || !*done)
		return;
	/* Others may hold the same rows. */
	*done = digest_eq(&digest[SOURCE], &digest[TARGET]);
	if (!*done)
		return;
	v->source = digest[SOURCE];
	v->target = digest[TARGET];
	v->kind = VERDICT_MATCH;
}

static void
judge_halves(struct judge *j, const struct question *q, struct half half[SIDES],
    struct verdict *v)
{
	struct shape shape CLEANUP_SHAPE = {0};
	const struct shape_column *c;
	bool done = false;

	if (!both_halves(half, find_table, v))
		return;
	if (!half[SOURCE].table->exists) {
		verdict_set(v, VERDICT_UNPROVED,
		    "it is not there on the source");
		return;
	}
	if (!half[TARGET].table->exists) {
		v->kind = VERDICT_MISSING;
		return;
	}
	if (!choose_columns(q, half[SOURCE].table, &shape, v))
		return;
	c = shape_lacking(&shape, half[SOURCE].table);
	if (c != NULL) {
		verdict_set(v, VERDICT_UNPROVED,
		    "column \"%s\" is not there on the source", c->name);
		return;
	}
	if (!columns_agree(&shape, half[TARGET].table, DIGEST_TEXT, v))
		return;
	if (j->options->compressed)
		compare_compressed(half, &shape, &done, v);
	if (!done)
		compare_halves(j, q, &shape, half, v);
}

static void
judge_pair(struct judge *j, const struct question *q, struct verdict *v)
{
	bool rows = j->options->rows;
	struct half half[SIDES] = {{.side = &j->side[SOURCE],
				       .question = q,
				       .own = true,
				       .transaction = rows},
	    {.side = &j->side[TARGET], .question = q, .transaction = rows}};
	int i;

	v->pair = true;
	judge_halves(j, q, half, v);
	for (i = 0; i < SIDES; i++) {
		place_free(&half[i].place);
		if (rows)
			side_end(&j->side[i]);
	}
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
