/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bounds, as values and as SQL.
 *
 * The server compares: a partition's bounds are text in the catalog, and
 * each type reads its own.
 */
#include "chunk/bounds.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

void
bounds_free(struct bounds *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct bounds_type *t = &b->types[i];

		free(t->type_oid);
		free(t->collation_oid);
		free(t->relid);
		free(t->column);
		free(t->from);
		free(t->until);
		key_free(&t->key);
	}
	free(b->types);
	b->types = NULL;
	b->count = 0;
}

struct bounds_type *
bounds_type(struct bounds *b, const char *type_oid, const char *collation_oid,
    bool timed, const char *relid, const char *column)
{
	struct bounds_type *t;

	for (size_t i = 0; i < b->count; i++) {
		t = &b->types[i];
		if (str_eq(t->type_oid, type_oid) &&
		    str_eq(t->collation_oid, collation_oid) &&
		    t->timed == timed)
			return t;
	}
	b->types = mem_resize(b->types, b->count + 1, sizeof(*b->types));
	t = &b->types[b->count++];
	*t = (struct bounds_type){.type_oid = mem_strdup(type_oid),
	    .collation_oid = mem_strdup(collation_oid),
	    .timed = timed,
	    .relid = mem_strdup(relid),
	    .column = mem_strdup(column)};
	return t;
}

static void
add_bound(struct sql *out, const struct key_column *column, const char *value)
{
	key_value(out, column, value);
	key_collate(out, column);
}

/* A day has no time and a timestamp no zone: the server drops what does not
 * fit without a word, and other rows would be meant. */
static void
add_lossy(struct sql *out, const struct key_column *column, const char *value)
{
	bool lossy = str_eq(column->type, "date") ||
	    str_eq(column->type, "timestamp without time zone");

	if (!lossy) {
		sql_add(out, "false");
		return;
	}
	key_value(out, column, value);
	sql_add(out, "::pg_catalog.timestamptz is distinct from ");
	sql_value(out, value);
	sql_add(out, "::pg_catalog.timestamptz");
}

/* The least UUID of version 7 with this time: 48 bits of milliseconds, the
 * version, 12 bits for 4096ths of one, the variant, zeros. */
static void
add_uuid(struct sql *sql, const char *time)
{
	sql_add(sql, "(select (pg_catalog.lpad(pg_catalog.to_hex(\n");
	sql_add(sql, "t.us / 1000), 12, '0') || '7' ||\n");
	sql_add(sql, "pg_catalog.lpad(pg_catalog.to_hex(\n");
	sql_add(sql, "t.us % 1000 * 4096 / 1000), 3, '0') ||\n");
	sql_add(sql, "'8000000000000000')::pg_catalog.uuid\n");
	sql_add(sql, "from (select case when u.us < 0 then 0 else u.us end\n");
	sql_add(sql, "from (select pg_catalog.round(pg_catalog.date_part(\n");
	sql_add(sql, "'epoch', ");
	sql_value(sql, time);
	sql_add(sql, "::pg_catalog.timestamptz) * 1000000)\n");
	sql_add(sql, "::pg_catalog.int8) u (us)) t (us))");
}

/* Bounds that are times, as what a column that holds times calls them. */
static void
add_times(struct sql *sql, const struct bounds *b)
{
	sql_add(sql, "select f.v::pg_catalog.text, u.v::pg_catalog.text,\n");
	sql_add(sql, "coalesce(u.v < f.v, false), false from (select ");
	add_uuid(sql, b->from);
	sql_add(sql, " as v) f cross join (select ");
	add_uuid(sql, b->until);
	sql_add(sql, " as v) u");
}

static void
add_values(struct sql *sql, const struct key_column *column,
    const struct bounds *b)
{
	sql_add(sql, "select f.v::pg_catalog.text, u.v::pg_catalog.text,\n");
	sql_add(sql, "coalesce(u.v");
	key_operator(sql, column, KEY_LESS);
	sql_add(sql, "f.v, false), f.lossy or u.lossy from (select ");
	add_bound(sql, column, b->from);
	sql_add(sql, " as v, ");
	add_lossy(sql, column, b->from);
	sql_add(sql, " as lossy) f cross join (select ");
	add_bound(sql, column, b->until);
	sql_add(sql, " as v, ");
	add_lossy(sql, column, b->until);
	sql_add(sql, " as lossy) u");
}

/* What the server makes of the bounds as values of this type. */
static status
read_values(struct bounds_type *t, const struct bounds *b, struct pg *pg,
    bool times, bool *crossed)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	const char *value;
	status s;

	if (times)
		add_times(&sql, b);
	else
		add_values(&sql, &t->key.columns[0], b);
	s = pg_run(pg, NULL, &sql, &r);
	if (s != STATUS_OK)
		return s;
	value = pg_value(r, 0, 0);
	t->from = value == NULL ? NULL : mem_strdup(value);
	value = pg_value(r, 0, 1);
	t->until = value == NULL ? NULL : mem_strdup(value);
	*crossed = pg_true(r, 0, 2);
	t->unfit = pg_true(r, 0, 3);
	return STATUS_OK;
}

/* In a savepoint; what the server refuses is not reported. */
static status
try_values(struct bounds_type *t, const struct bounds *b, struct pg *pg,
    bool times, bool *crossed)
{
	status s = pg_do(pg, "set a savepoint", "savepoint pgpipe_bounds");

	if (s != STATUS_OK)
		return s;
	t->unfit = false;
	s = read_values(t, b, pg, times, crossed);
	if (s == STATUS_OK)
		return pg_do(pg, "release a savepoint",
		    "release savepoint pgpipe_bounds");
	if (pg_broken(pg)) {
		pg_report(pg, "read the bounds");
		return s;
	}
	log_verbose("as values of type %s the bounds are not understood: %s",
	    t->key.columns[0].type, pg_last_error(pg)->message);
	t->unfit = true;
	return pg_do(pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_bounds");
}

static status
read_type(struct bounds_type *t, const struct bounds *b, struct pg *pg,
    const struct texts *texts, bool *crossed)
{
	status s = key_load(pg, texts, t->relid, t->column, &t->key);

	if (s != STATUS_OK)
		return s;
	if (t->key.count != 1) {
		log_error("column \"%s\" has vanished", t->column);
		return STATUS_RETRY;
	}
	if (key_unfit(&t->key) != NULL) {
		t->unfit = true;
		return STATUS_OK;
	}
	s = try_values(t, b, pg, false, crossed);
	if (s == STATUS_OK && t->unfit && t->timed)
		s = try_values(t, b, pg, true, crossed);
	return s;
}

status
bounds_read(struct bounds *b, struct pg *pg, const struct texts *texts)
{
	for (size_t i = 0; i < b->count; i++) {
		bool crossed = false;
		status s = read_type(&b->types[i], b, pg, texts, &crossed);

		if (s != STATUS_OK)
			return s;
		if (crossed) {
			log_error("--from \"%s\" is after --until \"%s\"",
			    b->from, b->until);
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

/* One end of a partition's range, r."from" or r."to", beside a bound. */
static void
add_end(struct sql *out, const struct key_column *column, bool upper)
{
	if (upper)
		sql_add(out, "r.\"to\"::");
	else
		sql_add(out, "r.\"from\"::");
	sql_given(out, column->type);
	key_collate(out, column);
}

static void
add_comparison(struct sql *out, const struct key_column *column, bool upper,
    enum key_operator op, const char *bound)
{
	add_end(out, column, upper);
	key_operator(out, column, op);
	add_bound(out, column, bound);
}

/* The first column of several may still equal the range's upper end. */
static void
add_upper(struct sql *out, const struct key_column *column, const char *bound)
{
	sql_add(out, "case when r.inclusive then ");
	add_comparison(out, column, true, KEY_LESS, bound);
	sql_add(out, " else ");
	add_comparison(out, column, true, KEY_LESS_EQUAL, bound);
	sql_add(out, " end");
}

enum question {
	BELOW,	   /* the range ends before the rows begin */
	ABOVE,	   /* the range begins after the rows end */
	FROM_ALL,  /* all of the range is >= from */
	UNTIL_ALL, /* all of the range is < until */
};

static void
add_answer(struct sql *out, const struct bounds_type *t, enum question q)
{
	const struct key_column *column = &t->key.columns[0];

	/* The bounds of partitions are in the order of their own collation,
	 * and tell nothing: this is never true, but is of a range's row. */
	if (!key_indexed(&t->key)) {
		sql_add(out, "r.\"column\" is null");
		return;
	}
	switch (q) {
	case BELOW:
		add_upper(out, column, t->from);
		break;
	case ABOVE:
		add_comparison(out, column, false, KEY_MORE_EQUAL, t->until);
		break;
	case FROM_ALL:
		add_comparison(out, column, false, KEY_MORE_EQUAL, t->from);
		break;
	case UNTIL_ALL:
		add_upper(out, column, t->until);
		break;
	}
}

/* Is the answer yes for the range of any level?  False where nothing is
 * asked, because there is no such bound. */
static void
add_question(struct sql *out, const struct bounds *b, enum question q)
{
	bool asked =
	    q == BELOW || q == FROM_ALL ? b->from != NULL : b->until != NULL;

	if (!asked || b->count == 0) {
		sql_add(out, "false");
		return;
	}
	sql_add(out, "coalesce(pg_catalog.bool_or(case t.no");
	for (size_t i = 0; i < b->count; i++) {
		sql_add(out, "\nwhen ");
		sql_int(out, (int64_t)i);
		sql_add(out, " then ");
		add_answer(out, &b->types[i], q);
	}
	sql_add(out, "\nend), false)");
}

/* Which of the types a row's column has. */
static void
add_type_no(struct sql *out, const struct bounds *b)
{
	sql_add(out, "cross join lateral (select case\n");
	for (size_t i = 0; i < b->count; i++) {
		sql_add(out, "when k.type_oid = ");
		sql_value(out, b->types[i].type_oid);
		sql_add(out, " and k.collation_oid = ");
		sql_value(out, b->types[i].collation_oid);
		sql_add(out, " and k.timed = ");
		if (b->types[i].timed)
			sql_add(out, "true");
		else
			sql_add(out, "false");
		sql_add(out, " then ");
		sql_int(out, (int64_t)i);
		sql_add(out, "\n");
	}
	if (b->count == 0)
		sql_add(out, "when true then null::pg_catalog.int4\n");
	sql_add(out, "end offset 0) t (no)\n");
}

void
bounds_add(const struct bounds *b, struct sql *out)
{
	sql_add(out, ", bounded as (\n");
	sql_add(out, "select k.*, t.no as type_no,\n");
	if (b->from != NULL)
		sql_add(out, "not a.from_all as from_cuts,\n");
	else
		sql_add(out, "false as from_cuts,\n");
	if (b->until != NULL)
		sql_add(out, "not a.until_all as until_cuts\n");
	else
		sql_add(out, "false as until_cuts\n");
	sql_add(out, "from keyed k\n");
	add_type_no(out, b);
	sql_add(out, "cross join lateral (\n");
	sql_add(out, "select ");
	add_question(out, b, BELOW);
	sql_add(out, ",\n");
	add_question(out, b, ABOVE);
	sql_add(out, ",\n");
	add_question(out, b, FROM_ALL);
	sql_add(out, ",\n");
	add_question(out, b, UNTIL_ALL);
	sql_add(out, "\nfrom pg_catalog.jsonb_to_recordset(k.range) r (\n");
	sql_add(out, "\"column\" pg_catalog.text,\n");
	sql_add(out, "\"from\" pg_catalog.text,\n");
	sql_add(out, "\"to\" pg_catalog.text,\n");
	sql_add(out, "function pg_catalog.text,\n");
	sql_add(out, "inclusive pg_catalog.bool)\n");
	sql_add(out, "where r.\"column\" = k.attname\n");
	/* A function's values are not the column's. */
	sql_add(out, "and r.function is null\n");
	sql_add(out, "having true\n"); /* always one row */
	sql_add(out, "offset 0\n");
	sql_add(out, ") a (below, above, from_all, until_all)\n");
	sql_add(out, "where not a.below and not a.above)\n");
}

void
bounds_predicate(const struct bounds_type *type, const char *name,
    bool from_cuts, bool until_cuts, struct sql *out)
{
	struct key_column column = type->key.columns[0];
	char *own CLEANUP_FREE = mem_strdup(name);
	const struct key key = {&column, 1};
	const char *from = type->from, *until = type->until;

	column.name = own;
	if (from_cuts)
		key_compare(out, &key, KEY_MORE_EQUAL, &from);
	if (from_cuts && until_cuts)
		sql_add(out, " and ");
	if (until_cuts)
		key_compare(out, &key, KEY_LESS, &until);
}
