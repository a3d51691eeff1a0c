/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows that were found to differ: looked up again, some at a time, for the
 * columns that differ and for values, and printed.
 */
#include "compare/drill_private.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define KEYED_MAX 200	 /* rows looked up at once by key */
#define KEYLESS_MAX 1000 /* by hash, which reads the leaf */
#define VALUE_MAX 1000	 /* characters shown of a value */

struct row {
	enum found_kind kind;
	char **key;
	int64_t hash[SIDES];
	uint64_t count;
	int64_t *columns[SIDES]; /* a hash of each column, or NULL */
	bool *differs;		 /* these columns, or NULL: not known */
	json_t *values[SIDES];
	json_t *cut; /* columns whose values are not shown whole */
};

struct found {
	struct drill *d;
	struct row rows[KEYLESS_MAX];
	size_t n;
};

static size_t
width(const struct found *f)
{
	return f->d->task->rows[SOURCE]->shape->n;
}

static const char *
column_name(const struct found *f, size_t i)
{
	return f->d->task->rows[SOURCE]->shape->names[i];
}

static bool
keyed(const struct found *f)
{
	return f->d->key.n > 0;
}

struct found *
found_new(struct drill *d)
{
	struct found *f = mem_zalloc(sizeof(*f));

	f->d = d;
	return f;
}

static void
clear(struct found *f)
{
	size_t i, k;

	for (i = 0; i < f->n; i++) {
		struct row *r = &f->rows[i];

		for (k = 0; k < f->d->key.n; k++)
			free(r->key[k]);
		free(r->key);
		free(r->differs);
		for (k = 0; k < SIDES; k++) {
			free(r->columns[k]);
			json_decref(r->values[k]);
		}
		json_decref(r->cut);
		*r = (struct row){0};
	}
	f->n = 0;
}

void
found_free(struct found *f)
{
	if (f == NULL)
		return;
	clear(f);
	free(f);
}

bool
found_full(const struct found *f)
{
	return f->n >= (keyed(f) ? KEYED_MAX : KEYLESS_MAX);
}

status
found_add(struct found *f, enum found_kind kind, const char *const *key,
    const int64_t hash[SIDES], uint64_t count)
{
	struct row_counts *c = f->d->counts;
	struct row *r;
	size_t i;

	if (found_full(f))
		BUG("more rows than fit");
	r = &f->rows[f->n++];
	r->kind = kind;
	r->count = count;
	memcpy(r->hash, hash, sizeof(r->hash));
	r->key = mem_zalloc((f->d->key.n + 1) * sizeof(*r->key));
	for (i = 0; i < f->d->key.n; i++)
		r->key[i] = key[i] == NULL ? NULL : mem_strdup(key[i]);
	c->lines++;
	if (kind == FOUND_MISSING)
		c->missing += count;
	else if (kind == FOUND_EXTRA)
		c->extra += count;
	else
		c->differ += count;
	return STATUS_OK;
}

/* --- looking rows up ----------------------------------------------------------------- */

/* A key with a null in it equals nothing. */
static bool
findable(const struct found *f, const struct row *r)
{
	size_t i;

	for (i = 0; i < f->d->key.n; i++)
		if (r->key[i] == NULL)
			return false;
	return true;
}

static bool
stands_on(const struct row *r, int side)
{
	return r->kind == FOUND_DIFFER ||
	    (r->kind == FOUND_MISSING) == (side == SOURCE);
}

static bool
wants_columns(const struct found *f, const struct row *r, int side)
{
	(void)side;
	return r->kind == FOUND_DIFFER && findable(f, r);
}

static bool
wants_values(const struct found *f, const struct row *r, int side)
{
	return stands_on(r, side) && findable(f, r) &&
	    (!keyed(f) || f->d->task->values);
}

/* One side's look at some of the rows. */
struct look {
	struct found *f;
	const struct leaf *leaf;
	int side;
	bool (*wants)(const struct found *, const struct row *, int);
	bool values;	      /* else hashes of columns */
	const bool *selected; /* columns asked for */
	size_t rows;
};

static struct row *
row_at(const struct look *l, const struct pg_result *r)
{
	struct found *f = l->f;
	int64_t hash = pg_int(r, 0, 0);
	size_t i, k;

	for (i = 0; i < f->n; i++) {
		struct row *row = &f->rows[i];

		if (row->hash[l->side] != hash || !l->wants(f, row, l->side))
			continue;
		for (k = 0; k < f->d->key.n; k++)
			if (!str_eq(row->key[k], pg_value(r, 0, (int)k + 1)))
				break;
		if (k == f->d->key.n)
			return row;
	}
	return NULL;
}

static json_t *
text_json(const char *text)
{
	json_t *value = text == NULL ? json_null() : json_string(text);
	char *p, *copy;

	if (value != NULL)
		return value;
	/* SQL_ASCII databases hold bytes that are no UTF-8. */
	copy = mem_strdup(text);
	for (p = copy; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

/* Cut behind VALUE_MAX characters; false when it was no longer than that. */
static bool
cut(char *text)
{
	size_t n = 0;
	char *p;

	for (p = text; *p != '\0'; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && n++ == VALUE_MAX) {
			*p = '\0';
			return true;
		}
	return false;
}

static void
take_value(struct found *f, struct row *row, int side, size_t i,
    const char *text)
{
	char *shown CLEANUP_FREE = text == NULL ? NULL : mem_strdup(text);

	if (shown != NULL && cut(shown)) {
		if (row->cut == NULL)
			row->cut = json_array();
		(void)json_array_append_new(row->cut,
		    text_json(column_name(f, i)));
	}
	(void)json_object_set_new(row->values[side], column_name(f, i),
	    text_json(shown));
}

static status
take_row(void *arg, const struct pg_result *r)
{
	struct look *l = arg;
	struct row *row = row_at(l, r);
	int at = (int)l->f->d->key.n + 1;
	size_t i;

	if (row == NULL)
		return STATUS_OK;
	if (l->values && row->values[l->side] == NULL)
		row->values[l->side] = json_object();
	if (!l->values && row->columns[l->side] == NULL)
		row->columns[l->side] =
		    mem_zalloc((width(l->f) + 1) * sizeof(int64_t));
	for (i = 0; i < width(l->f); i++) {
		if (!l->selected[i])
			continue;
		if (!l->values)
			row->columns[l->side][i] = pg_int(r, 0, at);
		else if (row->differs == NULL || row->differs[i])
			take_value(l->f, row, l->side, i, pg_value(r, 0, at));
		at++;
	}
	return STATUS_OK;
}

static void
add_value(const char *name, struct sql *sql)
{
	sql_add(sql, ", case when t.");
	sql_ident(sql, name);
	sql_add(sql, " is null then null else pg_catalog.left(");
	sql_add(sql, "pg_catalog.concat(t.");
	sql_ident(sql, name);
	sql_add(sql, "), ");
	sql_int(sql, VALUE_MAX + 1);
	sql_add(sql, ") end");
}

static status
add_column_hash(const struct look *l, size_t i, struct sql *sql)
{
	const struct rowset *rows = l->f->d->task->rows[l->side];

	sql_add(sql, ", ");
	return pg_table_digest_expr(rows->table, rows->kind,
	    &rows->shape->names[i], 1, sql);
}

/* ` and (key) in (...)`, in the key's types where an index may help. */
static void
add_key_list(const struct look *l, struct sql *sql)
{
	const struct drill *d = l->f->d;
	size_t i, k, listed = 0;

	sql_add(sql, " and (");
	for (k = 0; k < d->key.n; k++) {
		if (k > 0)
			sql_add(sql, ", ");
		sql_add(sql, "t.");
		sql_ident(sql, d->key.names[k]);
		if (!d->ranges)
			sql_add(sql, "::pg_catalog.text");
	}
	sql_add(sql, ") in (");
	for (i = 0; i < l->f->n; i++) {
		const struct row *r = &l->f->rows[i];

		if (!l->wants(l->f, r, l->side))
			continue;
		if (listed++ > 0)
			sql_add(sql, ", ");
		sql_add(sql, "(");
		for (k = 0; k < d->key.n; k++) {
			if (k > 0)
				sql_add(sql, ", ");
			sql_value(sql, r->key[k]);
		}
		sql_add(sql, ")");
	}
	sql_add(sql, ")");
}

static status
add_hash_list(const struct look *l, struct sql *sql)
{
	size_t i, listed = 0;
	status st;

	sql_add(sql, " and ");
	st = side_hash(l->f->d->task->rows[l->side], sql);
	sql_add(sql, " in (");
	for (i = 0; i < l->f->n; i++) {
		const struct row *r = &l->f->rows[i];

		if (!l->wants(l->f, r, l->side))
			continue;
		if (listed++ > 0)
			sql_add(sql, ", ");
		sql_int(sql, r->hash[l->side]);
	}
	sql_add(sql, ")");
	return st;
}

/* hash, the key's columns as text, then what is asked of the columns */
static status
look_query(const struct look *l, struct sql *sql)
{
	const struct drill *d = l->f->d;
	size_t i;
	status st;

	if (keyed(l->f))
		sql_add(sql, "select ");
	else
		sql_add(sql, "select distinct on (1) ");
	st = side_hash(d->task->rows[l->side], sql);
	for (i = 0; i < d->key.n; i++) {
		sql_add(sql, ", t.");
		sql_ident(sql, d->key.names[i]);
		sql_add(sql, "::pg_catalog.text");
	}
	for (i = 0; i < width(l->f) && st == STATUS_OK; i++) {
		if (!l->selected[i])
			continue;
		if (l->values)
			add_value(column_name(l->f, i), sql);
		else
			st = add_column_hash(l, i, sql);
	}
	if (st == STATUS_OK)
		st = leaf_scope(d, l->side, l->leaf, sql);
	if (st != STATUS_OK)
		return st;
	if (!keyed(l->f))
		return add_hash_list(l, sql);
	add_key_list(l, sql);
	return STATUS_OK;
}

static status
run_look(void *arg)
{
	struct look *l = arg;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	size_t i;
	status st;

	for (i = 0; i < l->f->n; i++)
		l->rows += l->wants(l->f, &l->f->rows[i], l->side);
	if (l->rows == 0)
		return STATUS_OK;
	st = look_query(l, &sql);
	if (st != STATUS_OK)
		return st;
	return pg_each(l->f->d->task->side[l->side]->pg, "look at rows", &sql,
	    take_row, l);
}

/* One after the other: both write into the same rows. */
static status
look_at_both(struct found *f, const struct look *how)
{
	int side;

	for (side = 0; side < SIDES; side++) {
		struct look l = *how;
		status st;

		l.side = side;
		st = run_look(&l);
		if (st != STATUS_OK) {
			f->d->failed = side;
			return st;
		}
	}
	return STATUS_OK;
}

/* --- what differs ----------------------------------------------------------------------- */

static status
find_columns(struct found *f, const struct leaf *leaf, bool *selected)
{
	const struct look how = {.f = f,
	    .leaf = leaf,
	    .wants = wants_columns,
	    .selected = selected};
	size_t i, k;
	status st;

	memset(selected, true, width(f) * sizeof(*selected));
	st = look_at_both(f, &how);
	for (i = 0; i < f->n && st == STATUS_OK; i++) {
		struct row *r = &f->rows[i];

		if (r->columns[SOURCE] == NULL || r->columns[TARGET] == NULL)
			continue;
		r->differs = mem_zalloc((width(f) + 1) * sizeof(bool));
		for (k = 0; k < width(f); k++)
			r->differs[k] =
			    r->columns[SOURCE][k] != r->columns[TARGET][k];
	}
	return st;
}

static status
find_values(struct found *f, const struct leaf *leaf, bool *selected)
{
	const struct look how = {.f = f,
	    .leaf = leaf,
	    .wants = wants_values,
	    .values = true,
	    .selected = selected};
	size_t i, k;

	memset(selected, false, width(f) * sizeof(*selected));
	for (k = 0; k < width(f); k++)
		for (i = 0; i < f->n && !selected[k]; i++)
			selected[k] =
			    f->rows[i].differs == NULL || f->rows[i].differs[k];
	return look_at_both(f, &how);
}

/* --- lines ------------------------------------------------------------------------------ */

static void
set_chunk(const struct found *f, json_t *line)
{
	const struct chunk *c = f->d->task->chunk;
	const char *slice = strstr(c->id, "#ctid:");
	char *id CLEANUP_FREE = f->d->task->whole && slice != NULL
	    ? mem_strndup(c->id, (size_t)(slice - c->id))
	    : mem_strdup(c->id);

	record_set_text(line, "chunk", id);
	record_set_text(line, "schema", c->schema);
	record_set_text(line, "table", c->table);
}

static void
set_key(const struct found *f, const struct row *r, json_t *line)
{
	json_t *key = json_object();
	size_t i;

	for (i = 0; i < f->d->key.n; i++)
		(void)json_object_set_new(key, f->d->key.names[i],
		    text_json(r->key[i]));
	if (!keyed(f)) {
		json_decref(key);
		key = json_null();
	}
	(void)json_object_set_new(line, "key", key);
}

static void
set_columns(const struct found *f, const struct row *r, json_t *line)
{
	json_t *names;
	size_t i;

	if (r->differs == NULL)
		return;
	names = json_array();
	for (i = 0; i < width(f); i++)
		if (r->differs[i])
			(void)json_array_append_new(names,
			    text_json(column_name(f, i)));
	(void)json_object_set_new(line, "columns", names);
}

static status
print_row(const struct found *f, const struct row *r)
{
	static const char *const kinds[] = {"missing", "extra", "differ"};
	json_t *line CLEANUP(record_cleanup) = json_object();
	struct str shown = STR_INIT;

	record_set_text(line, "row", kinds[r->kind]);
	set_chunk(f, line);
	set_key(f, r, line);
	set_columns(f, r, line);
	if (!keyed(f) || r->count > 1)
		record_set_count(line, "count", r->count);
	if (r->values[SOURCE] != NULL)
		(void)json_object_set(line, "source_row", r->values[SOURCE]);
	if (r->values[TARGET] != NULL)
		(void)json_object_set(line, "target_row", r->values[TARGET]);
	if (r->cut != NULL)
		(void)json_object_set(line, "cut", r->cut);
	record_show(line, &shown);
	if (shown.len >= RECORD_MAX) {
		(void)json_object_del(line, "source_row");
		(void)json_object_del(line, "target_row");
		(void)json_object_set_new(line, "cut", json_true());
	}
	str_free(&shown);
	f->d->counts->printed++;
	return record_print(line);
}

status
found_flush(struct found *f, const struct leaf *leaf)
{
	bool *selected;
	status st;
	size_t i;

	if (f->n == 0)
		return STATUS_OK;
	selected = mem_zalloc((width(f) + 1) * sizeof(*selected));
	st = find_columns(f, leaf, selected);
	if (st == STATUS_OK)
		st = find_values(f, leaf, selected);
	for (i = 0; i < f->n && st == STATUS_OK; i++)
		st = print_row(f, &f->rows[i]);
	free(selected);
	clear(f);
	return st;
}
