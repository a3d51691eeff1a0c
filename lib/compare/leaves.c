/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which leaves differ.  Ranges come from the larger side's index; each is one
 * arm of a query that sums up many.  Hash leaves take one query for all.
 */
#include "compare/drill_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#define ARMS_MAX 64	       /* ranges in one query */
#define QUERY_MAX (256 * 1024) /* bytes of one query, roughly */
#define HASH_LEAVES 65536      /* at most */

/* --- what a leaf is in SQL ---------------------------------------------------- */

static void
add_key(const struct drill *d, struct sql *out)
{
	size_t i;

	sql_add(out, "(");
	for (i = 0; i < d->key.n; i++) {
		if (i > 0)
			sql_add(out, ", ");
		sql_add(out, "t.");
		sql_ident(out, d->key.names[i]);
	}
	sql_add(out, ")");
}

static void
add_bound(const struct drill *d, int side, const char *const *bound,
    struct sql *out)
{
	size_t i;

	sql_add(out, "(");
	for (i = 0; i < d->key.n; i++) {
		const struct pg_column *c =
		    pg_table_column(d->task->rows[side]->table,
			d->key.names[i]);

		if (i > 0)
			sql_add(out, ", ");
		sql_value(out, bound[i]);
		sql_add(out, "::");
		sql_given(out, c->type);
	}
	sql_add(out, ")");
}

status
leaf_hash(const struct drill *d, int side, struct sql *out)
{
	return side_hash(d->key.n > 0 ? &d->key_rows[side]
				      : d->task->rows[side],
	    out);
}

static status
add_ids(const struct drill *d, int side, const struct leaf *leaf,
    struct sql *out)
{
	size_t i;
	status st;

	sql_add(out, " and (");
	st = leaf_hash(d, side, out);
	if (st != STATUS_OK)
		return st;
	sql_add(out, " & ");
	sql_int(out, (int64_t)leaf->mask);
	sql_add(out, ") in (");
	for (i = 0; i < leaf->nids; i++) {
		if (i > 0)
			sql_add(out, ", ");
		sql_int(out, (int64_t)leaf->ids[i]);
	}
	sql_add(out, ")");
	return STATUS_OK;
}

status
leaf_scope(const struct drill *d, int side, const struct leaf *leaf,
    struct sql *out)
{
	const struct rowset *rows = d->task->rows[side];

	side_from(rows, out);
	side_where(rows, out);
	if (rows->where == NULL)
		sql_add(out, " where true");
	if (leaf->from != NULL) {
		sql_add(out, " and ");
		add_key(d, out);
		sql_add(out, " >= ");
		add_bound(d, side, leaf->from, out);
	}
	if (leaf->to != NULL) {
		sql_add(out, " and ");
		add_key(d, out);
		sql_add(out, " < ");
		add_bound(d, side, leaf->to, out);
	}
	return leaf->ids == NULL ? STATUS_OK : add_ids(d, side, leaf, out);
}

/* --- ranges of the key -------------------------------------------------------- */

struct bounds {
	struct strv values; /* the key's columns one after the other */
	size_t width;
};

static status
take_bound(void *arg, const struct pg_result *row)
{
	struct bounds *b = arg;
	size_t i;

	for (i = 0; i < b->width; i++)
		strv_add(&b->values, pg_value(row, 0, (int)i));
	return STATUS_OK;
}

/* Every so many rows' key, by the index that keeps their order. */
static status
find_bounds(struct drill *d, struct bounds *b)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	const struct leaf all = {0};
	size_t i;
	status st;

	d->failed = d->larger;
	sql_add(&sql, "select ");
	for (i = 0; i < d->key.n; i++) {
		if (i > 0)
			sql_add(&sql, ", ");
		sql_add(&sql, "s.k");
		sql_int(&sql, (int64_t)i);
		sql_add(&sql, "::pg_catalog.text");
	}
	sql_add(&sql, " from (select ");
	for (i = 0; i < d->key.n; i++) {
		sql_add(&sql, "t.");
		sql_ident(&sql, d->key.names[i]);
		sql_add(&sql, " as k");
		sql_int(&sql, (int64_t)i);
		sql_add(&sql, ", ");
	}
	sql_add(&sql, "pg_catalog.row_number() over (order by ");
	for (i = 0; i < d->key.n; i++) {
		if (i > 0)
			sql_add(&sql, ", ");
		sql_add(&sql, "t.");
		sql_ident(&sql, d->key.names[i]);
	}
	sql_add(&sql, ") as place");
	st = leaf_scope(d, d->larger, &all, &sql);
	if (st != STATUS_OK)
		return st;
	sql_add(&sql, ") as s where s.place % ");
	sql_int(&sql, LEAF_ROWS);
	sql_add(&sql, " = 0 order by s.place");
	return pg_each(d->task->side[d->larger]->pg, "find ranges of the key",
	    &sql, take_bound, b);
}

static const char *const *
bound_at(const struct bounds *b, size_t i)
{
	return (const char *const *)&b->values.data[i * b->width];
}

/* Leaf i lies between bound i - 1 and bound i. */
static struct leaf
range_at(const struct bounds *b, size_t i)
{
	struct leaf leaf = {0};

	if (i > 0)
		leaf.from = bound_at(b, i - 1);
	if (i < b->values.len / b->width)
		leaf.to = bound_at(b, i);
	return leaf;
}

/* One side's digests of some neighbouring ranges. */
struct arms {
	const struct drill *d;
	const struct bounds *b;
	int side;
	size_t first, n;
	struct digest digests[ARMS_MAX];
};

static status
add_arm(const struct arms *a, size_t i, struct sql *sql)
{
	const struct rowset *rows = a->d->task->rows[a->side];
	struct leaf leaf = range_at(a->b, a->first + i);
	status st;

	if (i > 0)
		sql_add(sql, " union all ");
	sql_add(sql, "select ");
	sql_int(sql, (int64_t)i);
	sql_add(sql, ", pg_catalog.count(*), pg_catalog.sum(");
	st = side_hash(rows, sql);
	if (st != STATUS_OK)
		return st;
	sql_add(sql, ")");
	return leaf_scope(a->d, a->side, &leaf, sql);
}

static status
take_sum(enum digest_kind kind, const struct pg_result *r, int row,
    struct digest *out)
{
	if (digest_from_sql(kind, pg_value(r, row, 1), pg_value(r, row, 2),
		out))
		return STATUS_OK;
	log_error("could not understand a digest of the server");
	return STATUS_FAIL;
}

static status
sum_arms(void *arg)
{
	struct arms *a = arg;
	const struct drill_task *task = a->d->task;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st = STATUS_OK;
	size_t i;
	int row;

	for (i = 0; i < a->n && st == STATUS_OK; i++)
		st = add_arm(a, i, &sql);
	if (st == STATUS_OK)
		st = pg_run(task->side[a->side]->pg,
		    "take the digests of ranges", &sql, &r);
	for (row = 0; st == STATUS_OK && row < pg_rows(r); row++)
		st = take_sum(task->rows[a->side]->kind, r, row,
		    &a->digests[pg_int(r, row, 0)]);
	return st;
}

/* Run both, and remember which one failed. */
static status
sum_both(struct drill *d, both_fn fn, void *source, void *target)
{
	status st[SIDES];

	both_run(fn, source, target, st);
	d->failed = st[SOURCE] != STATUS_OK ? SOURCE : TARGET;
	return status_worse(st[SOURCE], st[TARGET]);
}

/* Wide tables have long hash expressions. */
static size_t
arms_at_once(const struct drill *d)
{
	size_t bytes = 200 + 120 * d->task->rows[SOURCE]->shape->n;
	size_t n = QUERY_MAX / bytes;

	return n < 1 ? 1 : n > ARMS_MAX ? ARMS_MAX : n;
}

/* Without a habit of its own the planner may prefer to read the whole table
 * for each range, when its statistics are old. */
static status
prefer_index(struct drill *d)
{
	int i;

	for (i = 0; i < SIDES; i++) {
		status st = pg_do(d->task->side[i]->pg, "prepare the session",
		    "set local enable_seqscan to off");

		if (st != STATUS_OK) {
			d->failed = i;
			return st;
		}
	}
	return STATUS_OK;
}

static status
search_arms(struct drill *d, const struct bounds *b, size_t first, size_t n)
{
	struct arms *arms[SIDES] = {NULL, NULL};
	status st;
	size_t i;
	int side;

	for (side = 0; side < SIDES; side++) {
		arms[side] = mem_zalloc(sizeof(*arms[side]));
		arms[side]->d = d;
		arms[side]->b = b;
		arms[side]->side = side;
		arms[side]->first = first;
		arms[side]->n = n;
	}
	st = sum_both(d, sum_arms, arms[SOURCE], arms[TARGET]);
	for (i = 0; i < n && st == STATUS_OK && !drill_enough(d); i++) {
		struct leaf leaf = range_at(b, first + i);

		if (!digest_eq(&arms[SOURCE]->digests[i],
			&arms[TARGET]->digests[i]))
			st = merge_leaf(d, &leaf);
	}
	free(arms[SOURCE]);
	free(arms[TARGET]);
	return st;
}

static status
search_ranges(struct drill *d)
{
	struct bounds b = {.values = STRV_INIT, .width = d->key.n};
	size_t step = arms_at_once(d), leaves, i;
	status st = find_bounds(d, &b);

	leaves = b.values.len / b.width + 1;
	if (st == STATUS_OK && leaves > 8)
		st = prefer_index(d);
	for (i = 0; i < leaves && st == STATUS_OK && !drill_enough(d);
	     i += step)
		st = search_arms(d, &b, i,
		    leaves - i < step ? leaves - i : step);
	strv_free(&b.values);
	return st;
}

/* --- parts by hash ------------------------------------------------------------- */

struct parts {
	const struct drill *d;
	int side;
	uint64_t mask;
	struct digest *digests;
};

static status
take_part(void *arg, const struct pg_result *row)
{
	struct parts *p = arg;
	uint64_t id = (uint64_t)pg_int(row, 0, 0) & p->mask;

	return take_sum(p->d->task->rows[p->side]->kind, row, 0,
	    &p->digests[id]);
}

/*
 * The hash is needed twice, as group and in the sum: "offset 0" keeps the
 * planner from writing it out twice.
 */
static status
sum_parts(void *arg)
{
	struct parts *p = arg;
	const struct drill_task *task = p->d->task;
	const struct leaf all = {0};
	struct sql sql CLEANUP_SQL = SQL_INIT;
	bool keyed = p->d->key.n > 0;
	status st;

	if (keyed)
		sql_add(&sql, "select s.l & ");
	else
		sql_add(&sql, "select s.h & ");
	sql_int(&sql, (int64_t)p->mask);
	sql_add(&sql, ", pg_catalog.count(*), pg_catalog.sum(s.h)");
	sql_add(&sql, " from (select ");
	st = side_hash(task->rows[p->side], &sql);
	sql_add(&sql, " as h");
	if (st == STATUS_OK && keyed) {
		sql_add(&sql, ", ");
		st = leaf_hash(p->d, p->side, &sql);
		sql_add(&sql, " as l");
	}
	if (st == STATUS_OK)
		st = leaf_scope(p->d, p->side, &all, &sql);
	if (st != STATUS_OK)
		return st;
	sql_add(&sql, " offset 0) as s group by 1");
	return pg_each(task->side[p->side]->pg, "take the digests of parts",
	    &sql, take_part, p);
}

static uint64_t
parts_wanted(const struct drill *d)
{
	uint64_t n = 2;

	while (n < HASH_LEAVES && n * LEAF_ROWS < d->rows)
		n *= 2;
	return n;
}

static status
merge_parts(struct drill *d, const struct parts parts[SIDES], uint64_t n)
{
	uint64_t *ids = mem_alloc(n * sizeof(*ids));
	struct leaf leaf = {.mask = n - 1, .ids = ids};
	uint64_t i;
	status st = STATUS_OK;

	for (i = 0; i < n; i++)
		if (!digest_eq(&parts[SOURCE].digests[i],
			&parts[TARGET].digests[i]))
			ids[leaf.nids++] = i;
	/* To leave few parts out is not worth a hash of each row. */
	if (leaf.nids > n / 2)
		leaf = (struct leaf){0};
	if (leaf.nids > 0 || leaf.ids == NULL)
		st = merge_leaf(d, &leaf);
	free(ids);
	return st;
}

static status
search_parts(struct drill *d)
{
	uint64_t n = parts_wanted(d), i;
	struct parts parts[SIDES];
	status st;
	int side;

	for (side = 0; side < SIDES; side++) {
		parts[side] =
		    (struct parts){.d = d, .side = side, .mask = n - 1};
		parts[side].digests =
		    mem_zalloc(n * sizeof(*parts[side].digests));
		for (i = 0; i < n; i++)
			parts[side].digests[i].kind = d->task->rows[side]->kind;
	}
	st = sum_both(d, sum_parts, &parts[SOURCE], &parts[TARGET]);
	if (st == STATUS_OK)
		st = merge_parts(d, parts, n);
	free(parts[SOURCE].digests);
	free(parts[TARGET].digests);
	return st;
}

status
leaves_search(struct drill *d)
{
	const struct leaf all = {0};

	if (d->rows <= LEAF_ROWS)
		return merge_leaf(d, &all);
	return d->ranges ? search_ranges(d) : search_parts(d);
}
