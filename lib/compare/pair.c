/* SPDX-License-Identifier: PostgreSQL */
/*
 * What two servers hold, compared.
 */
#include "compare/judge_private.h"

#include "base/mem.h"
#include "compare/batches.h"
#include "compare/drill.h"

/* One side's part of the work. */
struct half {
	struct side *side;
	const struct question *question;
	bool own; /* the side that the line is of */
	bool transaction;
	struct seat place;
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
	st = seat_find(h->side, h->question->chunk, judge_where(h->question),
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
			judge_fail(v, half[i].side, st[i]);
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
	if (judge_columns(q) != NULL &&
	    shape_from_json(judge_columns(q), &said) &&
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
	size_t i;

	for (i = 0; i < shape->n; i++) {
		const struct pg_column *a =
		    pg_table_column(half[SOURCE].table, shape->names[i]);
		const struct pg_column *b =
		    pg_table_column(half[TARGET].table, shape->names[i]);

		/* A type of users has another oid under the same name. */
		if (a->digest.type == b->digest.type ||
		    str_eq(a->typmod_text, b->typmod_text))
			continue;
		verdict_set(v, v->kind,
		    "compared as text, because column \"%s\" is %s on the "
		    "source and %s on the target",
		    a->name, a->typmod_text, b->typmod_text);
		return;
	}
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

/*
 * What is sent of an array depends on what it held before.  Where that is not
 * the same, the text decides, also which rows differ.
 */
static bool
same_text(const struct shape *shape, struct half half[SIDES], struct verdict *v)
{
	int i;

	if (half[SOURCE].rows.kind != DIGEST_SEND || !shape_arrays(shape))
		return false;
	for (i = 0; i < SIDES; i++)
		half[i].rows.kind = DIGEST_TEXT;
	return both_halves(half, find_digest, v) &&
	    digest_eq(&half[SOURCE].digest, &half[TARGET].digest);
}

static void
set_digests(const struct half half[SIDES], struct verdict *v)
{
	v->source = half[SOURCE].digest;
	v->target = half[TARGET].digest;
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
		if (!judge_intact(half[i].side, &half[i].rows, v))
			return;
	set_digests(half, v);
	if (digest_eq(&v->source, &v->target)) {
		v->kind = VERDICT_MATCH;
		return;
	}
	if (same_text(shape, half, v)) {
		set_digests(half, v);
		verdict_set(v, VERDICT_MATCH,
		    "compared as text, because arrays that held nulls once "
		    "are sent in another form");
		return;
	}
	if (v->class != STATUS_OK)
		return;
	v->kind = VERDICT_DIFFER;
	set_digests(half, v);
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
	/* What batches lack is known to their chunk alone. */
	if (half[SOURCE].place.chunk.fills || half[TARGET].place.chunk.fills)
		return;
	*done = true;
	v->class = batch_kind_from_place(half[SOURCE].side, &half[SOURCE].place,
	    &kind, &columns);
	for (i = 0; i < SIDES && v->class == STATUS_OK && *done; i++) {
		char *why CLEANUP_FREE = NULL;

		v->class = batches_digest(half[i].side, &half[i].place, &kind,
		    shape, &digest[i], &why);
		if (v->class != STATUS_OK)
			judge_fail(v, half[i].side, v->class);
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

/* A hypertable without a chunk in the range has what an empty chunk has. */
static void
judge_absent(const struct half half[SIDES], struct verdict *v)
{
	const struct half *source = &half[SOURCE];
	const struct rowset rows = {.table = source->table,
	    .where = source->place.where};
	bool empty = false;

	if (half[TARGET].place.empty)
		v->class = side_empty(source->side, &rows, &empty);
	if (v->class != STATUS_OK)
		judge_fail(v, source->side, v->class);
	else
		v->kind = empty ? VERDICT_MATCH : VERDICT_MISSING;
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
		judge_absent(half, v);
		return;
	}
	if (!judge_ranged(&half[TARGET].place, v))
		return;
	if (!judge_shape(q, half[SOURCE].table, &shape, v))
		return;
	c = shape_lacking(&shape, half[SOURCE].table);
	if (c != NULL) {
		verdict_set(v, VERDICT_UNPROVED,
		    "column \"%s\" is not there on the source", c->name);
		return;
	}
	shape_take_types(&shape, half[SOURCE].table);
	if (!judge_agree(&shape, half[TARGET].table, DIGEST_TEXT, v))
		return;
	if (j->options->compressed)
		compare_compressed(half, &shape, &done, v);
	if (!done)
		compare_halves(j, q, &shape, half, v);
}

void
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
		seat_free(&half[i].place);
		if (rows)
			side_end(&j->side[i]);
	}
}
