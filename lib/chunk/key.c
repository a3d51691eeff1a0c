/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the server says of a key's columns, and predicates made of it.
 */
#include "chunk/key.h"

#include <stdlib.h>

#include "base/mem.h"

/* The columns of share/sql/chunks-columns.sql. */
enum {
	COL_NAME,
	COL_TYPE,
	COL_CATEGORY,
	COL_OP_SCHEMA,
	COL_COLLATION_SCHEMA,
	COL_COLLATION,
	COL_PLAIN_ORDER
};

static char *
copy(const struct pg_result *r, int row, int col)
{
	const char *value = pg_value(r, row, col);

	return value == NULL ? NULL : mem_strdup(value);
}

static void
read_column(const struct pg_result *r, int row, struct key_column *out)
{
	*out = (struct key_column){
	    .name = copy(r, row, COL_NAME),
	    .type = copy(r, row, COL_TYPE),
	    .category = pg_value(r, row, COL_CATEGORY)[0],
	    .op_schema = copy(r, row, COL_OP_SCHEMA),
	    .collation_schema = copy(r, row, COL_COLLATION_SCHEMA),
	    .collation = copy(r, row, COL_COLLATION),
	    .plain_order = pg_true(r, row, COL_PLAIN_ORDER),
	};
}

status
key_load(struct pg *pg, const struct texts *texts, const char *oid,
    const char *name, struct key *out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	*out = (struct key){NULL, 0};
	sql_add(&sql, "with asked (relid, name) as (select ");
	sql_param(&sql, oid);
	sql_add(&sql, "::pg_catalog.oid, ");
	sql_param(&sql, name);
	sql_add(&sql, "::pg_catalog.text)");
	sql_given(&sql, str_text(&texts->columns));
	s = pg_run(pg, "look up columns", &sql, &r);
	if (s != STATUS_OK)
		return s;
	out->count = (size_t)pg_rows(r);
	out->columns = mem_resize(NULL, out->count + 1, sizeof(*out->columns));
	for (size_t i = 0; i < out->count; i++)
		read_column(r, (int)i, &out->columns[i]);
	return STATUS_OK;
}

void
key_free(struct key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		free(key->columns[i].name);
		free(key->columns[i].type);
		free(key->columns[i].op_schema);
		free(key->columns[i].collation_schema);
		free(key->columns[i].collation);
	}
	free(key->columns);
	*key = (struct key){NULL, 0};
}

const char *
key_unfit(const struct key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		if (!key->columns[i].plain_order)
			return "the order of its key is not the same on every "
			       "server";
		if (key->count > 1 && key->columns[i].op_schema != NULL)
			return "its key has a type that cannot be compared in "
			       "rows";
	}
	return NULL;
}

/* An index has one collation, and serves no other, be it the same order. */
bool
key_indexed(const struct key *key)
{
	for (size_t i = 0; i < key->count; i++)
		if (key->columns[i].collation != NULL &&
		    !(str_eq(key->columns[i].collation, "C") &&
			str_eq(key->columns[i].collation_schema, "pg_catalog")))
			return false;
	return true;
}

static void
add_sign(struct sql *sql, enum key_operator op)
{
	switch (op) {
	case KEY_LESS:
		sql_add(sql, "<");
		break;
	case KEY_LESS_EQUAL:
		sql_add(sql, "<=");
		break;
	case KEY_EQUAL:
		sql_add(sql, "=");
		break;
	case KEY_MORE_EQUAL:
		sql_add(sql, ">=");
		break;
	}
}

void
key_operator(struct sql *sql, const struct key_column *column,
    enum key_operator op)
{
	sql_add(sql, " ");
	if (column->op_schema != NULL) {
		sql_add(sql, "operator(");
		sql_ident(sql, column->op_schema);
		sql_add(sql, ".");
	}
	add_sign(sql, op);
	if (column->op_schema != NULL)
		sql_add(sql, ")");
	sql_add(sql, " ");
}

void
key_value(struct sql *sql, const struct key_column *column, const char *value)
{
	sql_value(sql, value);
	sql_add(sql, "::");
	sql_given(sql, column->type);
}

void
key_collate(struct sql *sql, const struct key_column *column)
{
	if (column->collation != NULL)
		sql_add(sql, " collate \"C\"");
}

static void
add_names(struct sql *sql, const struct key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		if (i > 0)
			sql_add(sql, ", ");
		sql_ident(sql, key->columns[i].name);
		key_collate(sql, &key->columns[i]);
	}
}

static void
add_values(struct sql *sql, const struct key *key, const char *const *values)
{
	for (size_t i = 0; i < key->count; i++) {
		if (i > 0)
			sql_add(sql, ", ");
		key_value(sql, &key->columns[i], values[i]);
		key_collate(sql, &key->columns[i]);
	}
}

void
key_compare(struct sql *sql, const struct key *key, enum key_operator op,
    const char *const *values)
{
	bool row = key->count > 1;

	if (row)
		sql_add(sql, "(");
	add_names(sql, key);
	if (row)
		sql_add(sql, ")");
	key_operator(sql, &key->columns[0], op);
	if (row)
		sql_add(sql, "(");
	add_values(sql, key, values);
	if (row)
		sql_add(sql, ")");
}
