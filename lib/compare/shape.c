/* SPDX-License-Identifier: PostgreSQL */
/*
 * Columns by name: what a line says beside what a relation has.
 */
#include "compare/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Objects below this oid are the same on every server. */
#define FIRST_USER_OID 16384

/* What enums and arrays of them are sent as. */
#define TEXT_OID 25
#define TEXT_ARRAY_OID 1009

static void
make_room(struct shape *s, size_t n)
{
	s->columns = mem_zalloc((n + 1) * sizeof(*s->columns));
	s->names = mem_zalloc((n + 1) * sizeof(*s->names));
	s->n = 0;
}

static void
add(struct shape *s, struct shape_column column)
{
	s->names[s->n] = column.name;
	s->columns[s->n++] = column;
}

void
shape_free(struct shape *s)
{
	free(s->columns);
	free((void *)s->names);
	free(s->texts);
	*s = (struct shape){0};
}

static uint32_t
oid_field(const json_t *column, const char *field)
{
	int64_t value = record_int(column, field);

	return value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static const char *
canonical_name(const json_t *column, uint32_t digest)
{
	if (digest == 0 || digest >= FIRST_USER_OID)
		return NULL;
	if (oid_field(column, "oid") == digest)
		return record_text(column, "type_name");
	return digest == TEXT_OID      ? "pg_catalog.text"
	    : digest == TEXT_ARRAY_OID ? "pg_catalog.text[]"
				       : NULL;
}

/* Names of array types end so: of the schema, and quoted if need be. */
static bool
is_array(const char *type)
{
	size_t n = type == NULL ? 0 : strlen(type);

	return n > 2 && str_eq(type + n - 2, "[]");
}

/* Or a domain over one. */
static bool
column_is_array(const struct pg_column *c)
{
	return is_array(c->type_name) || is_array(c->canonical);
}

bool
shape_from_json(const json_t *columns, struct shape *out)
{
	const json_t *column;
	size_t i;

	*out = (struct shape){0};
	if (!json_is_array(columns))
		return false;
	make_room(out, json_array_size(columns));
	json_array_foreach(columns, i, column)
	{
		struct shape_column c = {.name = record_text(column, "name"),
		    .type = record_text(column, "type"),
		    .fields = record_text(column, "fields"),
		    .array = is_array(record_text(column, "type_name")),
		    .digest = oid_field(column, "digest_oid")};

		c.canonical = canonical_name(column, c.digest);
		if (c.name == NULL) {
			shape_free(out);
			return false;
		}
		add(out, c);
	}
	return true;
}

void
shape_from_table(const struct pg_table *t, struct shape *out)
{
	size_t i;

	make_room(out, t->ncolumns);
	for (i = 0; i < t->ncolumns; i++) {
		const struct pg_column *c = &t->columns[i];

		if (!c->generated)
			add(out,
			    (struct shape_column){.name = c->name,
				.type = c->typmod_text,
				.fields = c->fields,
				.array = column_is_array(c),
				.digest = c->digest.type});
	}
}

const struct shape_column *
shape_lacking(const struct shape *s, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (pg_table_column(t, s->names[i]) == NULL)
			return &s->columns[i];
	return NULL;
}

const struct shape_column *
shape_clash(const struct shape *s, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct shape_column *c = &s->columns[i];
		const struct pg_column *in = pg_table_column(t, c->name);

		if (in != NULL && c->digest != 0 &&
		    in->digest.type != c->digest)
			return c;
	}
	return NULL;
}

const struct shape_column *
shape_reordered(const struct shape *s, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct shape_column *c = &s->columns[i];
		const struct pg_column *in = pg_table_column(t, c->name);

		if (in != NULL && c->fields != NULL && in->fields != NULL &&
		    !str_eq(c->fields, in->fields))
			return c;
	}
	return NULL;
}

void
shape_take_types(struct shape *s, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct pg_column *c = pg_table_column(t, s->names[i]);

		s->columns[i].fields = c == NULL ? NULL : c->fields;
		s->columns[i].array = c != NULL && column_is_array(c);
	}
}

bool
shape_arrays(const struct shape *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->columns[i].array)
			return true;
	return false;
}

bool
shape_composite(const struct shape *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->columns[i].fields != NULL)
			return true;
	return false;
}

bool
shape_builtin(const struct shape *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->columns[i].digest == 0 ||
		    s->columns[i].digest >= FIRST_USER_OID)
			return false;
	return true;
}

void
shape_name_types(struct shape *s, const char *names)
{
	char *rest = NULL, *name;
	size_t i;

	free(s->texts);
	s->texts = mem_strdup(names);
	name = strtok_r(s->texts, "\n", &rest);
	for (i = 0; i < s->n && name != NULL; i++)
		if (s->columns[i].canonical == NULL) {
			s->columns[i].canonical = name;
			name = strtok_r(NULL, "\n", &rest);
		}
}

bool
shape_binary(const struct shape *s, const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct pg_column *c = pg_table_column(t, s->names[i]);

		if (c == NULL || !c->binary)
			return false;
	}
	return true;
}

bool
shape_has(const struct shape *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (str_eq(s->names[i], name))
			return true;
	return false;
}
