/* SPDX-License-Identifier: PostgreSQL */
/*
 * Relations as a side sees them.  What is asked is kept small, because it is
 * asked for every chunk, and a chunk may be as little as an empty partition.
 */
#include "compare/catalog.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

static void
free_column(struct pg_column *c)
{
	free(c->name);
	free(c->type);
	free(c->type_name);
	free(c->typmod_text);
	free(c->fields);
	json_decref(c->made_of);
	free(c->canonical);
}

void
type_cache_free(struct type_cache *types)
{
	size_t i;

	for (i = 0; i < types->n; i++)
		free_column(&types->models[i]);
	free(types->models);
	*types = (struct type_cache){0};
}

static char *
copy_text(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

/* What a column of this type has, under another name. */
static struct pg_column
copy_column(const struct pg_column *model, const char *name)
{
	struct pg_column c = *model;

	c.name = mem_strdup(name);
	c.type = copy_text(model->type);
	c.type_name = copy_text(model->type_name);
	c.typmod_text = copy_text(model->typmod_text);
	c.fields = copy_text(model->fields);
	c.made_of = json_incref(model->made_of);
	c.canonical = copy_text(model->canonical);
	c.digest.name = c.name;
	/* These are the column's own, and not known of it. */
	c.generated = c.not_null = c.has_default = false;
	c.identity = 0;
	return c;
}

static const struct pg_column *
find_type(const struct side *s, uint32_t oid, int32_t typmod)
{
	const struct type_cache *types = &s->types;
	size_t i;

	for (i = 0; i < types->n; i++)
		if (types->models[i].oid == oid &&
		    types->models[i].typmod == typmod)
			return &types->models[i];
	return NULL;
}

static void
learn_type(struct type_cache *t, const struct pg_column *c)
{
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 16 : t->cap * 2;
		t->models = mem_resize(t->models, t->cap, sizeof(*t->models));
	}
	t->models[t->n++] = copy_column(c, "");
}

static void
learn_types(struct side *s)
{
	size_t i;

	for (i = 0; i < s->table.ncolumns; i++) {
		const struct pg_column *c = &s->table.columns[i];

		if (find_type(s, c->oid, c->typmod) == NULL)
			learn_type(&s->types, c);
	}
}

static status
refuse_hypertable(const struct pg_table *t)
{
	struct str name = STR_INIT;

	sql_show_name(&name, t->schema, t->name);
	log_error("cannot check %s: it is %s of TimescaleDB and was not "
		  "listed as such",
	    str_text(&name),
	    t->hypertable ? "a hypertable" : "a chunk of a hypertable");
	log_hint("pg-chunks lists the chunks of hypertables.");
	str_free(&name);
	return STATUS_FAIL;
}

static bool
is_last(const struct side *s, const char *schema, const char *name)
{
	return s->table.exists && str_eq(s->table.schema, schema) &&
	    str_eq(s->table.name, name);
}

status
side_hypertable(struct side *s, const char *schema, const char *name,
    const struct pg_table **out)
{
	status st;

	*out = &s->table;
	if (is_last(s, schema, name))
		return STATUS_OK;
	pg_table_free(&s->table);
	st = pg_table_load(s->pg, schema, name, &s->table);
	if (st == STATUS_OK)
		learn_types(s);
	return st;
}

status
side_table(struct side *s, const char *schema, const char *name,
    const struct pg_table **out)
{
	status st = side_hypertable(s, schema, name, out);

	if (st == STATUS_OK && s->table.exists &&
	    (s->table.hypertable || s->table.hypertable_chunk)) {
		st = refuse_hypertable(&s->table);
		s->table.exists = false; /* to be asked for again */
	}
	return st;
}

/* --- in few bytes ------------------------------------------------------- */

static void
brief_query(const char *schema, const char *name, struct sql *sql)
{
	sql_add(sql, "select c.relkind, (select pg_catalog.json_agg(");
	sql_add(sql, "pg_catalog.json_build_array(a.attname, a.atttypid,");
	sql_add(sql, " a.atttypmod) order by a.attnum)");
	sql_add(sql, " from pg_catalog.pg_attribute a");
	sql_add(sql, " where a.attrelid = c.oid and a.attnum > 0");
	sql_add(sql, " and not a.attisdropped and a.attgenerated = '')");
	sql_add(sql, " from pg_catalog.pg_class c");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = c.relnamespace");
	sql_add(sql, " where n.nspname = ");
	sql_param(sql, schema);
	sql_add(sql, "::pg_catalog.text and c.relname = ");
	sql_param(sql, name);
	sql_add(sql, "::pg_catalog.text and c.relkind in ('r', 'p')");
}

static int64_t
number_at(const json_t *array, size_t i)
{
	const json_t *value = json_array_get(array, i);
	int64_t number = -1;

	if (json_is_integer(value))
		return json_integer_value(value);
	(void)num_i64(json_is_string(value) ? json_string_value(value) : "",
	    INT64_MIN, INT64_MAX, &number);
	return number;
}

/* False when a column's type was not met before. */
static bool
make_brief(struct side *s, const json_t *columns)
{
	const json_t *column;
	size_t i;

	s->table.columns = mem_zalloc(
	    (json_array_size(columns) + 1) * sizeof(*s->table.columns));
	json_array_foreach(columns, i, column)
	{
		const struct pg_column *model =
		    find_type(s, (uint32_t)number_at(column, 1),
			(int32_t)number_at(column, 2));
		const char *name = json_string_value(json_array_get(column, 0));

		if (model == NULL || name == NULL)
			return false;
		s->table.columns[i] = copy_column(model, name);
		s->table.ncolumns++;
	}
	return true;
}

status
side_table_brief(struct side *s, const char *schema, const char *name,
    const struct pg_table **out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	json_t *columns CLEANUP(record_cleanup) = NULL;
	status st;

	if (s->timescale || s->types.n == 0 || is_last(s, schema, name))
		return side_table(s, schema, name, out);
	brief_query(schema, name, &sql);
	st = pg_run(s->pg, "look at a relation's columns", &sql, &r);
	if (st != STATUS_OK)
		return st;
	if (pg_rows(r) == 0)
		return side_table(s, schema, name, out);
	pg_table_free(&s->table);
	columns = pg_value(r, 0, 1) == NULL
	    ? json_array()
	    : json_loads(pg_value(r, 0, 1), 0, NULL);
	if (!make_brief(s, columns)) {
		pg_table_free(&s->table);
		return side_table(s, schema, name, out);
	}
	s->table.schema = mem_strdup(schema);
	s->table.name = mem_strdup(name);
	s->table.kind = pg_value(r, 0, 0)[0];
	s->table.exists = true;
	*out = &s->table;
	return STATUS_OK;
}

/* An array as text, of names or of numbers. */
static void
add_name_array(struct str *out, const struct shape *shape)
{
	const char *p;
	size_t i;

	str_addc(out, '{');
	for (i = 0; i < shape->n; i++) {
		str_add(out, i > 0 ? ",\"" : "\"");
		for (p = shape->names[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				str_addc(out, '\\');
			str_addc(out, *p);
		}
		str_addc(out, '"');
	}
	str_addc(out, '}');
}

static void
add_oid_array(struct str *out, const struct shape *shape)
{
	size_t i;

	str_addc(out, '{');
	for (i = 0; i < shape->n; i++)
		str_addf(out, i > 0 ? ",%lu" : "%lu",
		    (unsigned long)shape->columns[i].digest);
	str_addc(out, '}');
}

/* The canonical type of column a: what pg_table_load works out, for all but
 * domains over domains and the like, which then just are not alike. */
static void
add_canonical(struct sql *sql)
{
	sql_add(sql, "case when t.typtype = 'e'");
	sql_add(sql, " then 'pg_catalog.text'::pg_catalog.regtype::oid");
	sql_add(sql, " when t.typtype = 'd' then t.typbasetype");
	sql_add(sql, " when e.typtype = 'e'");
	sql_add(sql, " then 'pg_catalog.text[]'::pg_catalog.regtype::oid");
	sql_add(sql, " when e.typtype = 'd'");
	sql_add(sql, " then (select b.typarray from pg_catalog.pg_type b");
	sql_add(sql, " where b.oid = e.typbasetype)");
	sql_add(sql, " else t.oid end");
}

/* Canonical types that the line has no name for: those of its domains. */
static void
add_type_names(const struct shape *shape, struct sql *sql)
{
	struct str oids = STR_INIT;
	size_t i;

	for (i = 0; i < shape->n; i++)
		if (shape->columns[i].canonical == NULL)
			str_addf(&oids, oids.len == 0 ? "%lu" : ",%lu",
			    (unsigned long)shape->columns[i].digest);
	if (oids.len == 0) {
		sql_add(sql, "null");
		return;
	}
	sql_add(sql, "(select pg_catalog.string_agg(pg_catalog.format(");
	sql_add(sql, "'%I.%I', n.nspname, t.typname), e'\\n' order by u.i)");
	sql_add(sql, " from pg_catalog.unnest(pg_catalog.string_to_array(");
	sql_param(sql, str_text(&oids));
	sql_add(sql, ", ',')) with ordinality as u(o, i)");
	sql_add(sql, " join pg_catalog.pg_type t");
	sql_add(sql, " on t.oid = u.o::pg_catalog.oid");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = t.typnamespace)");
	str_free(&oids);
}

static void
like_query(const char *schema, const char *name, const struct shape *shape,
    enum digest_kind kind, struct sql *sql)
{
	struct str names = STR_INIT, oids = STR_INIT;

	add_name_array(&names, shape);
	add_oid_array(&oids, shape);
	sql_add(sql, "select c.relkind, (select pg_catalog.count(*)");
	sql_add(sql, " from pg_catalog.pg_attribute a");
	sql_add(sql, " join rows from (pg_catalog.unnest(");
	sql_param(sql, str_text(&names));
	sql_add(sql, "::pg_catalog.text[]), pg_catalog.unnest(");
	sql_param(sql, str_text(&oids));
	sql_add(sql, "::pg_catalog.oid[])) as w(n, t) on a.attname = w.n");
	sql_add(sql, " join pg_catalog.pg_type t on t.oid = a.atttypid");
	sql_add(sql, " left join pg_catalog.pg_type e");
	sql_add(sql, " on e.oid = t.typelem and e.typarray = t.oid");
	sql_add(sql, " where a.attrelid = c.oid and a.attnum > 0");
	sql_add(sql, " and not a.attisdropped");
	if (kind == DIGEST_SEND) {
		sql_add(sql, " and w.t = ");
		add_canonical(sql);
	}
	sql_add(sql, "), ");
	add_type_names(shape, sql);
	sql_add(sql, " from pg_catalog.pg_class c");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = c.relnamespace");
	sql_add(sql, " where n.nspname = ");
	sql_param(sql, schema);
	sql_add(sql, "::pg_catalog.text and c.relname = ");
	sql_param(sql, name);
	sql_add(sql, "::pg_catalog.text");
	str_free(&names);
	str_free(&oids);
}

status
side_like(struct side *s, const char *schema, const char *name,
    struct shape *shape, enum digest_kind kind, enum side_likeness *out,
    char *relkind)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*out = SIDE_OTHER;
	if (!s->hashes || s->timescale || shape_composite(shape) ||
	    (kind == DIGEST_SEND && !shape_builtin(shape)))
		return STATUS_OK;
	like_query(schema, name, shape, kind, &sql);
	st = pg_run(s->pg, "look at a relation's columns", &sql, &r);
	if (st != STATUS_OK)
		return st;
	if (pg_rows(r) == 0) {
		*out = SIDE_MISSING;
		return STATUS_OK;
	}
	*relkind = pg_value(r, 0, 0)[0];
	if ((*relkind == 'r' || *relkind == 'p') &&
	    (uint64_t)pg_int(r, 0, 1) == shape->n) {
		*out = SIDE_SAME;
		if (pg_value(r, 0, 2) != NULL)
			shape_name_types(shape, pg_value(r, 0, 2));
	}
	return STATUS_OK;
}
