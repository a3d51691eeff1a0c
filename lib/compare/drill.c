/* SPDX-License-Identifier: PostgreSQL */
/*
 * The plan of a drill: by which key, in what kind of leaves.
 */
#include "compare/drill_private.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"

/*
 * Types whose order is the same on every server, as no collation has a say
 * in it: bool, bytea, int8, int2, int4, oid, float4, float8, inet, date,
 * time, timestamp, timestamptz, timetz, numeric, uuid.
 */
static const uint32_t ordered[] = {16, 17, 20, 21, 23, 26, 700, 701, 869, 1082,
    1083, 1114, 1184, 1266, 1700, 2950};

/* Below this, neighbours in the key are strangers in the table, and a range
 * of the key is read page by page. */
#define CORRELATION_MIN 0.3

static bool
is_ordered(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++)
		if (ordered[i] == type)
			return true;
	return false;
}

/* The columns of the primary key, in its order. */
static status
primary_key(struct side *s, const struct pg_table *t, struct strv *key)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;
	int i;

	sql_add(&sql, "select a.attname from pg_catalog.pg_index i");
	sql_add(&sql, " join pg_catalog.pg_class c on c.oid = i.indrelid");
	sql_add(&sql, " join pg_catalog.pg_namespace n");
	sql_add(&sql, " on n.oid = c.relnamespace");
	sql_add(&sql, " cross join lateral pg_catalog.unnest(");
	sql_add(&sql, "i.indkey::pg_catalog.int2[])");
	sql_add(&sql, " with ordinality as k(attnum, place)");
	sql_add(&sql, " join pg_catalog.pg_attribute a");
	sql_add(&sql, " on a.attrelid = c.oid and a.attnum = k.attnum");
	sql_add(&sql, " where i.indisprimary and i.indisvalid");
	sql_add(&sql, " and k.place <= i.indnkeyatts and n.nspname = ");
	sql_param(&sql, t->schema);
	sql_add(&sql, "::pg_catalog.text and c.relname = ");
	sql_param(&sql, t->name);
	sql_add(&sql, "::pg_catalog.text order by k.place");
	st = pg_run(s->pg, "look for the primary key", &sql, &r);
	if (st != STATUS_OK)
		return st;
	for (i = 0; i < pg_rows(r); i++)
		strv_add(key, pg_value(r, i, 0));
	return STATUS_OK;
}

static bool
has_all(const struct shape *shape, const struct strv *key)
{
	size_t i;

	for (i = 0; i < key->len; i++)
		if (!shape_has(shape, key->data[i]))
			return false;
	return key->len > 0;
}

static bool
same_names(const struct strv *a, const struct strv *b)
{
	size_t i;

	if (a->len != b->len || a->len == 0)
		return false;
	for (i = 0; i < a->len; i++)
		if (!str_eq(a->data[i], b->data[i]))
			return false;
	return true;
}

/* A shape of its own, whose names are those of the larger one. */
static void
take_key(struct drill *d, const struct strv *key)
{
	const struct shape *all = d->task->rows[SOURCE]->shape;
	size_t i, k;

	d->key.columns = mem_zalloc((key->len + 1) * sizeof(*d->key.columns));
	d->key.names = mem_zalloc((key->len + 1) * sizeof(*d->key.names));
	for (k = 0; k < key->len; k++)
		for (i = 0; i < all->n; i++)
			if (str_eq(all->names[i], key->data[k])) {
				d->key.columns[k] = all->columns[i];
				d->key.names[k] = all->names[i];
			}
	d->key.n = key->len;
	for (i = 0; i < SIDES; i++) {
		d->key_rows[i] = *d->task->rows[i];
		d->key_rows[i].shape = &d->key;
		d->key_rows[i].kind = DIGEST_TEXT;
	}
}

/* How far the order of the table is that of the key, as far as is known. */
static status
correlation(struct side *s, const struct pg_table *t, const char *column,
    bool *low)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select pg_catalog.abs(correlation) < ");
	sql_value(&sql, "0.3");
	sql_add(&sql, " from pg_catalog.pg_stats where schemaname = ");
	sql_param(&sql, t->schema);
	sql_add(&sql, "::pg_catalog.text and tablename = ");
	sql_param(&sql, t->name);
	sql_add(&sql, "::pg_catalog.text and attname = ");
	sql_param(&sql, column);
	sql_add(&sql, "::pg_catalog.text and not inherited");
	st = pg_run(s->pg, "look at a column's statistics", &sql, &r);
	if (st == STATUS_OK && pg_rows(r) > 0 && pg_true(r, 0, 0))
		*low = true;
	return st;
}

/* Ranges need an order that both servers share, and an index for it. */
static status
plan_ranges(struct drill *d)
{
	bool low = false;
	size_t i;
	int side;

	for (i = 0; i < d->key.n; i++) {
		uint32_t type[SIDES];

		for (side = 0; side < SIDES; side++)
			type[side] = pg_table_column(d->task->rows[side]->table,
			    d->key.names[i])
					 ->digest.type;
		if (type[SOURCE] != type[TARGET] || !is_ordered(type[SOURCE]))
			return STATUS_OK;
	}
	for (side = 0; side < SIDES && d->rows > 20 * LEAF_ROWS; side++) {
		status st = correlation(d->task->side[side],
		    d->task->rows[side]->table, d->key.names[0], &low);

		if (st != STATUS_OK) {
			d->failed = side;
			return st;
		}
	}
	d->ranges = !low;
	return STATUS_OK;
}

static status
plan_primary(struct drill *d)
{
	struct strv key[SIDES] = {STRV_INIT, STRV_INIT};
	status st = STATUS_OK;
	int i;

	for (i = 0; i < SIDES && st == STATUS_OK; i++) {
		d->failed = i;
		st = primary_key(d->task->side[i], d->task->rows[i]->table,
		    &key[i]);
	}
	if (st == STATUS_OK && same_names(&key[SOURCE], &key[TARGET]) &&
	    has_all(d->task->rows[SOURCE]->shape, &key[SOURCE])) {
		take_key(d, &key[SOURCE]);
		st = plan_ranges(d);
	}
	strv_free(&key[SOURCE]);
	strv_free(&key[TARGET]);
	return st;
}

static status
plan(struct drill *d)
{
	const struct drill_task *t = d->task;

	d->larger =
	    t->digest[TARGET]->rows > t->digest[SOURCE]->rows ? TARGET : SOURCE;
	d->rows = t->digest[d->larger]->rows;
	if (t->key->len > 0 && has_all(t->rows[SOURCE]->shape, t->key)) {
		take_key(d, t->key);
		return STATUS_OK;
	}
	if (t->key->len > 0)
		log_warning("\"%s\" lacks a column of --key: its primary key "
			    "is used, if it has one",
		    t->chunk->id);
	return plan_primary(d);
}

bool
drill_enough(const struct drill *d)
{
	if (signal_stop() != 0)
		return true;
	return d->task->max > 0 && d->counts->lines >= d->task->max;
}

static bool
can_drill(const struct drill_task *task)
{
	int i;

	for (i = 0; i < SIDES; i++)
		if (!task->side[i]->hashes) {
			log_warning("cannot list the rows of \"%s\": the %s "
				    "cannot give hashes that compare",
			    task->chunk->id, i == SOURCE ? "source" : "target");
			return false;
		}
	return true;
}

status
drill(const struct drill_task *task, struct row_counts *counts, int *failed)
{
	struct drill d = {.task = task, .counts = counts};
	status st;

	counts->taken = true;
	if (!can_drill(task))
		return STATUS_OK;
	d.found = found_new(&d);
	st = plan(&d);
	if (st == STATUS_OK)
		st = leaves_search(&d);
	counts->complete = st == STATUS_OK && !drill_enough(&d);
	if (st == STATUS_OK && !counts->complete && signal_stop() == 0)
		log_info("\"%s\": no more rows are listed than --max-rows says",
		    task->chunk->id);
	*failed = d.failed;
	found_free(d.found);
	shape_free(&d.key);
	return st;
}
