/* SPDX-License-Identifier: PostgreSQL */
/*
 * A leaf's rows on both servers as two sorted lists of (key, row hash), laid
 * side by side.  The order is that of the key's text in UTF-8, byte by byte:
 * no collation, and no server, orders it otherwise.  Lists are read through
 * cursors, so that neither has to fit into memory.
 */
#include "compare/drill_private.h"

#include <string.h>

#include "base/mem.h"

#define FETCH_ROWS 1000

struct rowlist {
	const struct drill *d;
	const struct leaf *leaf;
	int side;
	struct pg_result *batch; /* NULL: at the end */
	int row;
};

/* What is compared: a row of a list, or a copy of one. */
struct item {
	const char *const *key;
	int64_t hash;
};

/* --- lists ---------------------------------------------------------------------- */

static void
add_keys(const struct drill *d, struct sql *sql)
{
	size_t i;

	for (i = 0; i < d->key.n; i++) {
		sql_add(sql, "t.");
		sql_ident(sql, d->key.names[i]);
		sql_add(sql, "::pg_catalog.text as k");
		sql_int(sql, (int64_t)i);
		sql_add(sql, ", ");
	}
}

static void
add_order(const struct drill *d, struct sql *sql)
{
	size_t i;

	sql_add(sql, " order by ");
	for (i = 0; i < d->key.n; i++) {
		sql_add(sql, "pg_catalog.textsend(s.k");
		sql_int(sql, (int64_t)i);
		sql_add(sql, ") nulls first, ");
	}
	sql_add(sql, "s.h");
}

/* hash, count, then the key's columns */
static status
list_query(const struct rowlist *l, struct sql *sql)
{
	const struct drill *d = l->d;
	bool keyed = d->key.n > 0;
	size_t i;
	status st;

	sql_add(sql, "declare pgpipe_rows no scroll cursor for select s.h, ");
	if (keyed)
		sql_add(sql, "1");
	else
		sql_add(sql, "pg_catalog.count(*)");
	for (i = 0; i < d->key.n; i++) {
		sql_add(sql, ", s.k");
		sql_int(sql, (int64_t)i);
	}
	sql_add(sql, " from (select ");
	add_keys(d, sql);
	st = side_hash(d->task->rows[l->side], sql);
	sql_add(sql, " as h");
	if (st == STATUS_OK)
		st = leaf_scope(d, l->side, l->leaf, sql);
	sql_add(sql, " offset 0) as s");
	if (!keyed)
		sql_add(sql, " group by s.h");
	add_order(d, sql);
	return st;
}

static status
fetch(struct rowlist *l)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st;

	pg_result_free(l->batch);
	l->batch = NULL;
	l->row = 0;
	sql_add(&sql, "fetch forward ");
	sql_int(&sql, FETCH_ROWS);
	sql_add(&sql, " from pgpipe_rows");
	st = pg_run(l->d->task->side[l->side]->pg, "read row hashes", &sql,
	    &l->batch);
	if (st == STATUS_OK && pg_rows(l->batch) == 0) {
		pg_result_free(l->batch);
		l->batch = NULL;
	}
	return st;
}

static status
open_list(void *arg)
{
	struct rowlist *l = arg;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st = list_query(l, &sql);

	if (st == STATUS_OK)
		st = pg_run(l->d->task->side[l->side]->pg, "read row hashes",
		    &sql, NULL);
	return st == STATUS_OK ? fetch(l) : st;
}

static status
close_list(struct rowlist *l)
{
	struct pg *pg = l->d->task->side[l->side]->pg;

	pg_result_free(l->batch);
	l->batch = NULL;
	return pg_do(pg, "read row hashes", "close pgpipe_rows");
}

static status
step(struct rowlist *l)
{
	if (++l->row < pg_rows(l->batch))
		return STATUS_OK;
	return fetch(l);
}

/* --- comparing -------------------------------------------------------------------- */

static int
compare_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_keys(const char *const *a, const char *const *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int order = compare_text(a[i], b[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

static int
compare_items(const struct item *a, const struct item *b, size_t n)
{
	int order = compare_keys(a->key, b->key, n);

	return order != 0 ? order : (a->hash > b->hash) - (a->hash < b->hash);
}

static void
item_at(const struct rowlist *l, const char **key, struct item *out)
{
	size_t i;

	for (i = 0; i < l->d->key.n; i++)
		key[i] = pg_value(l->batch, l->row, (int)i + 2);
	out->key = key;
	out->hash = pg_int(l->batch, l->row, 0);
}

/* --- rows of one key --------------------------------------------------------------- */

/*
 * What was found at one key.  One row too few and one too many at the same key
 * are one row that differs; any more than that are told one by one.
 */
struct events {
	struct drill *d;
	const struct leaf *leaf;
	char **key;
	bool open, plain;
	size_t n;
	struct {
		int64_t hash, excess; /* copies more on the source */
	} event[2];
};

static status
add_found(struct events *e, enum found_kind kind, const int64_t hash[SIDES],
    uint64_t count)
{
	status st = STATUS_OK;

	if (drill_enough(e->d))
		return STATUS_OK;
	st = found_add(e->d->found, kind, (const char *const *)e->key, hash,
	    count);
	if (st == STATUS_OK && found_full(e->d->found))
		st = found_flush(e->d->found, e->leaf);
	return st;
}

static status
tell(struct events *e, int64_t hash, int64_t excess)
{
	const int64_t hashes[SIDES] = {hash, hash};

	return excess > 0
	    ? add_found(e, FOUND_MISSING, hashes, (uint64_t)excess)
	    : add_found(e, FOUND_EXTRA, hashes, (uint64_t)-excess);
}

static status
tell_all(struct events *e)
{
	size_t i, n = e->n;
	status st = STATUS_OK;

	e->n = 0;
	if (n == 2 && !e->plain &&
	    e->event[0].excess * e->event[1].excess == -1) {
		bool first = e->event[0].excess > 0;
		const int64_t hashes[SIDES] = {e->event[!first].hash,
		    e->event[first].hash};

		return add_found(e, FOUND_DIFFER, hashes, 1);
	}
	for (i = 0; i < n && st == STATUS_OK; i++)
		st = tell(e, e->event[i].hash, e->event[i].excess);
	return st;
}

static void
keep_key(struct events *e, const char *const *key)
{
	size_t i;

	for (i = 0; i < e->d->key.n; i++) {
		free(e->key[i]);
		e->key[i] = key[i] == NULL ? NULL : mem_strdup(key[i]);
	}
	e->open = true;
	e->plain = e->d->key.n == 0;
}

/* The same row stands excess times more often on the source. */
static status
take_event(struct events *e, const struct item *item, int64_t excess)
{
	status st = STATUS_OK;

	if (!e->open || e->d->key.n == 0 ||
	    compare_keys(item->key, (const char *const *)e->key, e->d->key.n)) {
		st = tell_all(e);
		keep_key(e, item->key);
	} else if (e->n == 2) {
		e->plain = true;
		st = tell_all(e);
	}
	if (e->plain && st == STATUS_OK)
		return tell(e, item->hash, excess);
	e->event[e->n].hash = item->hash;
	e->event[e->n++].excess = excess;
	return st;
}

/* --- merging ------------------------------------------------------------------------ */

/* A row's values, kept while the lists move on. */
struct kept {
	char **key;
	struct item item;
};

static void
keep(struct kept *k, const struct item *item, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(k->key[i]);
		k->key[i] =
		    item->key[i] == NULL ? NULL : mem_strdup(item->key[i]);
	}
	k->item.key = (const char *const *)k->key;
	k->item.hash = item->hash;
}

/* Take all rows that equal the kept one from the front of a list. */
static status
take_equal(struct rowlist *l, const char **key, const struct kept *k,
    int64_t *count)
{
	*count = 0;
	while (l->batch != NULL) {
		struct item item;
		status st;

		item_at(l, key, &item);
		if (compare_items(&item, &k->item, l->d->key.n) != 0)
			break;
		*count += pg_int(l->batch, l->row, 1);
		st = step(l);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

/* The smaller of the two lists' first rows. */
static void
keep_first(const struct rowlist lists[SIDES], const char **keys[SIDES],
    struct kept *k)
{
	size_t n = lists[SOURCE].d->key.n;
	struct item items[SIDES];
	int i, first = lists[SOURCE].batch == NULL ? TARGET : SOURCE;

	for (i = 0; i < SIDES; i++)
		if (lists[i].batch != NULL)
			item_at(&lists[i], keys[i], &items[i]);
	if (lists[SOURCE].batch != NULL && lists[TARGET].batch != NULL &&
	    compare_items(&items[TARGET], &items[SOURCE], n) < 0)
		first = TARGET;
	keep(k, &items[first], n);
}

static status
merge_lists(struct drill *d, struct rowlist lists[SIDES],
    const char **keys[SIDES], struct kept *k, struct events *e)
{
	while ((lists[SOURCE].batch != NULL || lists[TARGET].batch != NULL) &&
	    !drill_enough(d)) {
		int64_t count[SIDES] = {0, 0};
		status st = STATUS_OK;
		int i;

		keep_first(lists, keys, k);
		for (i = 0; i < SIDES; i++) {
			st = take_equal(&lists[i], keys[i], k, &count[i]);
			if (st != STATUS_OK) {
				d->failed = i;
				return st;
			}
		}
		if (count[SOURCE] != count[TARGET])
			st = take_event(e, &k->item,
			    count[SOURCE] - count[TARGET]);
		if (st != STATUS_OK)
			return st;
	}
	return tell_all(e);
}

static void
free_texts(char **texts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

static status
run_merge(struct drill *d, const struct leaf *leaf, struct rowlist lists[SIDES])
{
	size_t n = d->key.n;
	const char **keys[SIDES] = {mem_zalloc((n + 1) * sizeof(char *)),
	    mem_zalloc((n + 1) * sizeof(char *))};
	struct kept k = {.key = mem_zalloc((n + 1) * sizeof(char *))};
	struct events e = {.d = d,
	    .leaf = leaf,
	    .key = mem_zalloc((n + 1) * sizeof(char *))};
	status st = merge_lists(d, lists, keys, &k, &e);

	if (st == STATUS_OK)
		st = found_flush(d->found, leaf);
	free_texts(k.key, n);
	free_texts(e.key, n);
	free((void *)keys[SOURCE]);
	free((void *)keys[TARGET]);
	return st;
}

status
merge_leaf(struct drill *d, const struct leaf *leaf)
{
	struct rowlist lists[SIDES];
	status st[SIDES], result;
	int i;

	for (i = 0; i < SIDES; i++)
		lists[i] = (struct rowlist){.d = d, .leaf = leaf, .side = i};
	both_run(open_list, &lists[SOURCE], &lists[TARGET], st);
	d->failed = st[SOURCE] != STATUS_OK ? SOURCE : TARGET;
	result = status_worse(st[SOURCE], st[TARGET]);
	if (result == STATUS_OK)
		result = run_merge(d, leaf, lists);
	for (i = 0; i < SIDES; i++) {
		if (result == STATUS_OK) {
			d->failed = i;
			result = close_list(&lists[i]);
		} else {
			pg_result_free(lists[i].batch);
		}
	}
	return result;
}
