/* SPDX-License-Identifier: PostgreSQL */
/*
 * A type may travel in binary, and be hashed in its binary form, when that
 * form depends on nothing but the value: built-in types, except those whose
 * values are object identifiers, which mean something else in every
 * database.  An enum travels as its label, a domain as its base type, an
 * array as its elements.  Composite types (whose bytes hold type oids of
 * this database), and types and ranges that users or extensions have made,
 * travel as text.
 */
#include "pg/types.h"

#include "base/mem.h"
#include "base/num.h"

#define TEXT_OID 25
#define TEXT_ARRAY_OID 1009

enum { OID, SCHEMA, NAME, KIND, ELEMENT, ARRAY, BASE, FIT };

void
pg_types_select(struct sql *sql)
{
	sql_add(sql,
	    "t.oid::text, n.nspname::text,"
	    " coalesce(e.typname, t.typname)::text,"
	    " t.typtype::text, e.oid::text, t.typarray::text,"
	    " nullif(t.typbasetype, 0)::text,"
	    " (t.oid < 16384 and n.nspname = 'pg_catalog'"
	    "  and t.typtype in ('b', 'r', 'm')"
	    "  and t.typsend <> 0 and t.typreceive <> 0"
	    "  and t.typname not in ('oid', 'oidvector', 'aclitem',"
	    "   'pg_node_tree', 'pg_ndistinct', 'pg_dependencies',"
	    "   'pg_mcv_list')"
	    "  and t.typname not like 'reg%'"
	    "  and t.typname not like 'pg\\_brin\\_%')::text");
}

/* Quoted by our own rules: format('%I') asks each server's own keywords,
 * and names must compare equal between versions. */
static char *
show_name(const char *schema, const char *name, bool array)
{
	struct str out = STR_INIT;

	sql_show_name(&out, schema, name);
	str_add(&out, array ? "[]" : "");
	return str_take(&out);
}

static uint32_t
oid_value(const struct pg_result *r, int row, int col)
{
	return (uint32_t)pg_int(r, row, col);
}

void
pg_types_add(struct pg_types *types, const struct pg_result *r, int row,
    int first_col)
{
	struct pg_type *t;

	if (types->len == types->cap) {
		types->cap = types->cap == 0 ? 16 : 2 * types->cap;
		types->data =
		    mem_resize(types->data, types->cap, sizeof(*types->data));
	}
	t = &types->data[types->len++];
	t->oid = oid_value(r, row, first_col + OID);
	t->kind = *pg_value(r, row, first_col + KIND);
	t->element = oid_value(r, row, first_col + ELEMENT);
	t->name = show_name(pg_value(r, row, first_col + SCHEMA),
	    pg_value(r, row, first_col + NAME), t->element != 0);
	t->array = oid_value(r, row, first_col + ARRAY);
	t->base = oid_value(r, row, first_col + BASE);
	t->fit = str_eq(pg_value(r, row, first_col + FIT), "true");
}

void
pg_types_free(struct pg_types *types)
{
	size_t i;

	for (i = 0; i < types->len; i++) {
		free(types->data[i].name);
	}
	free(types->data);
	*types = (struct pg_types){0};
}

const struct pg_type *
pg_types_find(const struct pg_types *types, uint32_t oid)
{
	size_t i;

	for (i = 0; i < types->len; i++) {
		if (types->data[i].oid == oid) {
			return &types->data[i];
		}
	}
	return NULL;
}

/* Below all domains; NULL when that was not loaded. */
static const struct pg_type *
below_domains(const struct pg_types *types, uint32_t oid)
{
	const struct pg_type *t = pg_types_find(types, oid);
	size_t steps;

	for (steps = 0; t != NULL && t->kind == 'd'; steps++) {
		if (steps > types->len) {
			return NULL;
		}
		t = pg_types_find(types, t->base);
	}
	return t;
}

static struct pg_canonical
resolve_array(const struct pg_types *types, const struct pg_type *array)
{
	const struct pg_type *e = below_domains(types, array->element);
	struct pg_canonical c = {0};

	/* Elements that are arrays behind a domain have no name that is the
	 * same everywhere. */
	if (e == NULL || e->element != 0) {
		return c;
	}
	if (e->kind == 'e') {
		c.fit = true;
		c.oid = TEXT_ARRAY_OID;
		c.element = TEXT_OID;
		c.cast = mem_strdup("pg_catalog.text[]");
	} else {
		c.fit = e->fit;
		c.oid = e->array;
		c.cast = mem_printf("%s[]", e->name);
		c.element = e->oid == array->element ? 0 : e->oid;
	}
	return c;
}

struct pg_canonical
pg_types_resolve(const struct pg_types *types, uint32_t oid)
{
	const struct pg_type *t = below_domains(types, oid);
	struct pg_canonical c = {0};

	if (t == NULL) {
		return c;
	}
	if (t->element != 0) {
		c = resolve_array(types, t);
	} else if (t->kind == 'e') {
		c.fit = true;
		c.oid = TEXT_OID;
		c.cast = mem_strdup("pg_catalog.text");
	} else {
		c.fit = t->fit;
		c.oid = t->oid;
		c.cast = mem_strdup(t->name);
	}
	if (!c.fit || c.oid == oid) {
		free(c.cast);
		c.cast = NULL;
	}
	return c;
}
