/* SPDX-License-Identifier: PostgreSQL */
/*
 * A relation as its catalogs describe it: one query gives the relation, its
 * columns, and all types that these are made of.
 */
#include "pg/table.h"
#include "pg/private.h"
#include "pg/types.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* Each row says in its first column what it is about. */
static void
select_relation(struct sql *sql, const char *schema, const char *name)
{
	sql_add(sql,
	    "with recursive rel as ("
	    "select c.*, n.nspname from pg_catalog.pg_class c"
	    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
	    " where n.nspname = ");
	sql_param(sql, schema);
	sql_add(sql, "::pg_catalog.name and c.relname = ");
	sql_param(sql, name);
	sql_add(sql,
	    "::pg_catalog.name"
	    "), col as ("
	    "select a.* from rel join pg_catalog.pg_attribute a"
	    " on a.attrelid = rel.oid where a.attnum > 0"
	    " and not a.attisdropped"
	    "), typ(oid) as ("
	    "select col.atttypid from col"
	    " union select part.oid from typ"
	    " join pg_catalog.pg_type t on t.oid = typ.oid,"
	    " pg_catalog.unnest(array[t.typbasetype, t.typelem]) part(oid)"
	    " where part.oid <> 0"
	    ") select 'relation', 0, rel.oid::text,"
	    " pg_catalog.pg_relation_filenode(rel.oid)::text,"
	    " rel.relkind::text, rel.relpersistence::text,"
	    " rel.relhassubclass::text, rel.relispartition::text,"
	    " pg_catalog.row_security_active(rel.oid)::text,"
	    " exists (select from pg_catalog.pg_inherits i"
	    "  where i.inhrelid = rel.oid)::text,"
	    " null, null, null from rel");
}

enum {
	REL_OID = 2,
	REL_FILENODE,
	REL_KIND,
	REL_PERSISTENCE,
	REL_SUBCLASS,
	REL_PARTITION,
	REL_ROW_SECURITY,
	REL_CHILD
};

/*
 * "pair(x, y)" of each composite type in a column's type, also in arrays,
 * domains and other composites: their values go by the order of fields.
 * Built-in types hold none, and are not looked at.
 */
static void
select_fields(struct sql *sql)
{
	sql_add(sql,
	    ", case when col.atttypid >= 16384 then ("
	    "with recursive part(oid) as ("
	    "select col.atttypid"
	    " union select inner_type.oid from part"
	    " join pg_catalog.pg_type t on t.oid = part.oid"
	    " cross join lateral (select t.typbasetype"
	    "  union all select t.typelem"
	    "  union all select f.atttypid from pg_catalog.pg_attribute f"
	    "  where t.typrelid <> 0 and f.attrelid = t.typrelid"
	    "  and f.attnum > 0 and not f.attisdropped) inner_type(oid)"
	    " where inner_type.oid <> 0"
	    "), composite(name) as ("
	    "select pg_catalog.quote_ident(t.typname) || '(' || ("
	    "select pg_catalog.string_agg("
	    "pg_catalog.quote_ident(f.attname), ', ' order by f.attnum)"
	    " from pg_catalog.pg_attribute f where f.attrelid = t.typrelid"
	    " and f.attnum > 0 and not f.attisdropped) || ')'"
	    " from part join pg_catalog.pg_type t on t.oid = part.oid"
	    " where t.typrelid <> 0"
	    ") select pg_catalog.string_agg(name, ', '"
	    " order by name collate \"C\") from composite) end");
}

/*
 * What a column of a domain or a composite type is at bottom, in the order of
 * fields: types that are neither, with the modifiers that hold for them.  The
 * type's own modifier is none, and a narrower one inside of it rounds, too.
 */
static void
select_made_of(struct sql *sql)
{
	sql_add(sql,
	    ", case when col.atttypid >= 16384 then ("
	    "with recursive part(oid, typmod, place) as ("
	    "select col.atttypid, col.atttypmod, array[]::int2[]"
	    " union all select i.oid, i.typmod,"
	    " case when i.attnum is null then part.place"
	    " else part.place || i.attnum end"
	    " from part join pg_catalog.pg_type t on t.oid = part.oid"
	    " cross join lateral ("
	    "select t.typbasetype, t.typtypmod, null::int2"
	    " where t.typtype = 'd'"
	    " union all select e.oid, part.typmod, null"
	    " from pg_catalog.pg_type e"
	    " where e.oid = t.typelem and e.typarray = t.oid"
	    " union all select f.atttypid, f.atttypmod, f.attnum"
	    " from pg_catalog.pg_attribute f where t.typtype = 'c'"
	    " and f.attrelid = t.typrelid and f.attnum > 0"
	    " and not f.attisdropped) i(oid, typmod, attnum)"
	    ") select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array("
	    "pg_catalog.format_type(t.oid, part.typmod), n.nspname, t.typname,"
	    " part.typmod) order by part.place) from part"
	    " join pg_catalog.pg_type t on t.oid = part.oid"
	    " join pg_catalog.pg_namespace n on n.oid = t.typnamespace"
	    " left join pg_catalog.pg_type e on e.oid = t.typelem"
	    "  and e.typarray = t.oid"
	    " where t.typtype not in ('c', 'd') and e.oid is null"
	    " and exists (select from part p join pg_catalog.pg_type u"
	    "  on u.oid = p.oid where u.typtype in ('c', 'd'))) end::text");
}

static void
select_columns(struct sql *sql)
{
	sql_add(sql,
	    " union all select 'column', col.attnum,"
	    " col.attname::text, col.atttypid::text, col.atttypmod::text,"
	    " pg_catalog.format_type(col.atttypid, null),"
	    " pg_catalog.format_type(col.atttypid, col.atttypmod),"
	    " (col.attgenerated <> '')::text, col.attidentity::text,"
	    " col.attnotnull::text, col.atthasdef::text");
	select_fields(sql);
	select_made_of(sql);
	sql_add(sql, " from col");
}

enum {
	COL_NAME = 2,
	COL_TYPE_OID,
	COL_TYPMOD,
	COL_TYPE,
	COL_TYPMOD_TEXT,
	COL_GENERATED,
	COL_IDENTITY,
	COL_NOT_NULL,
	COL_DEFAULT,
	COL_FIELDS,
	COL_MADE_OF
};

enum { PART_TYPE, PART_SCHEMA, PART_NAME, PART_TYPMOD };

static void
select_types(struct sql *sql)
{
	sql_add(sql, " union all select 'type', 0, ");
	pg_types_select(sql);
	sql_add(sql,
	    ", null, null, null"
	    " from typ join pg_catalog.pg_type t on t.oid = typ.oid"
	    " join pg_catalog.pg_namespace n on n.oid = t.typnamespace"
	    " left join pg_catalog.pg_type e on e.oid = t.typelem"
	    "  and e.typarray = t.oid"
	    " order by 1, 2");
}

enum { TYPE_FIRST = 2 };

static bool
said(const struct pg_result *r, int row, int col)
{
	return str_eq(pg_value(r, row, col), "true");
}

static void
take_relation(struct pg_table *t, const struct pg_result *r, int row)
{
	t->exists = true;
	t->oid = (uint32_t)pg_int(r, row, REL_OID);
	t->filenode = (uint32_t)pg_int(r, row, REL_FILENODE);
	t->kind = *pg_value(r, row, REL_KIND);
	t->persistence = *pg_value(r, row, REL_PERSISTENCE);
	t->has_subclass = said(r, row, REL_SUBCLASS);
	t->is_partition = said(r, row, REL_PARTITION);
	t->row_security = said(r, row, REL_ROW_SECURITY);
}

static const char *
part_text(const json_t *part, size_t i)
{
	return json_string_value(json_array_get(part, i));
}

/* The names are quoted here, and not by each version's rules. */
static json_t *
take_made_of(const char *text)
{
	json_t *parts CLEANUP(record_cleanup) =
	    text == NULL ? NULL : json_loads(text, 0, NULL);
	json_t *out = parts == NULL ? NULL : json_array();
	const json_t *part;
	size_t i;

	json_array_foreach(parts, i, part)
	{
		const json_t *typmod = json_array_get(part, PART_TYPMOD);
		struct str name CLEANUP(str_free) = STR_INIT;
		json_t *made = json_object();

		sql_show_name(&name, part_text(part, PART_SCHEMA),
		    part_text(part, PART_NAME));
		record_set_text(made, "type", part_text(part, PART_TYPE));
		record_set_text(made, "type_name", str_text(&name));
		record_set_int(made, "typmod", json_integer_value(typmod));
		(void)json_array_append_new(out, made);
	}
	return out;
}

static void
take_column(struct pg_column *c, const struct pg_result *r, int row)
{
	c->name = mem_strdup(pg_value(r, row, COL_NAME));
	c->type = mem_strdup(pg_value(r, row, COL_TYPE));
	c->typmod = (int32_t)pg_int(r, row, COL_TYPMOD);
	c->typmod_text = mem_strdup(pg_value(r, row, COL_TYPMOD_TEXT));
	c->generated = said(r, row, COL_GENERATED);
	c->identity = *pg_value(r, row, COL_IDENTITY);
	c->not_null = said(r, row, COL_NOT_NULL);
	c->has_default = said(r, row, COL_DEFAULT);
	if (pg_value(r, row, COL_FIELDS) != NULL) {
		c->fields = mem_strdup(pg_value(r, row, COL_FIELDS));
	}
	c->made_of = take_made_of(pg_value(r, row, COL_MADE_OF));
	c->oid = (uint32_t)pg_int(r, row, COL_TYPE_OID);
	c->digest.name = c->name;
}

/* What follows from a column's type. */
static void
judge_column(struct pg_column *c, const struct pg_types *types)
{
	const struct pg_type *type = pg_types_find(types, c->oid);
	struct pg_canonical canonical = pg_types_resolve(types, c->oid);

	c->type_name = mem_strdup(type == NULL ? "" : type->name);
	c->binary = canonical.fit;
	c->canonical = canonical.cast;
	c->digest.type = canonical.fit ? canonical.oid : c->oid;
	c->digest.array = canonical.fit && canonical.element != 0;
	c->digest.element = c->digest.array ? canonical.element : 0;
}

static void
take_rows(struct pg_table *t, struct pg_types *types, const struct pg_result *r,
    bool *child)
{
	int row;
	size_t i;

	t->columns = mem_zalloc((size_t)pg_rows(r) * sizeof(*t->columns) + 1);
	for (row = 0; row < pg_rows(r); row++) {
		switch (*pg_value(r, row, 0)) {
		case 'r':
			take_relation(t, r, row);
			*child = said(r, row, REL_CHILD);
			break;
		case 'c':
			take_column(&t->columns[t->ncolumns++], r, row);
			break;
		default:
			pg_types_add(types, r, row, TYPE_FIRST);
			break;
		}
	}
	for (i = 0; i < t->ncolumns; i++) {
		judge_column(&t->columns[i], types);
	}
}

/*
 * Is the timescaledb extension there, with the view that we ask?  Without the
 * view the schema of its chunks is all there is to go by.
 */
static status
ask_timescale(struct pg *pg, const char *doing)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	if (pg->timescale != PG_UNKNOWN) {
		return STATUS_OK;
	}
	sql_add(&sql,
	    "select (select pg_catalog.count(*)"
	    " from pg_catalog.pg_attribute a where a.attrelid ="
	    " pg_catalog.to_regclass('timescaledb_information.hypertables')"
	    " and a.attname in ('hypertable_schema', 'hypertable_name')) = 2"
	    " and exists (select from pg_catalog.pg_extension x"
	    "  where x.extname = 'timescaledb')");
	s = pg_run(pg, doing, &sql, &r);
	if (s == STATUS_OK) {
		pg->timescale = pg_true(r, 0, 0) ? PG_YES : PG_NO;
	}
	return s;
}

/*
 * Chunks inherit from their hypertable; what else lies in the extension's
 * own schema (compressed rows, materialisations) is as little a table of
 * the user's.
 */
static status
load_timescale(struct pg *pg, const char *doing, struct pg_table *t, bool child)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = ask_timescale(pg, doing);

	t->hypertable_chunk = str_eq(t->schema, "_timescaledb_internal");
	if (s != STATUS_OK || pg->timescale == PG_NO || t->kind != 'r') {
		return s;
	}
	sql_add(&sql,
	    "select exists (select"
	    " from timescaledb_information.hypertables h"
	    " where h.hypertable_schema = ");
	sql_param(&sql, t->schema);
	sql_add(&sql, " and h.hypertable_name = ");
	sql_param(&sql, t->name);
	sql_add(&sql, ")");
	if (child) {
		sql_add(&sql,
		    ", exists (select"
		    " from pg_catalog.pg_inherits i"
		    " join pg_catalog.pg_class p on p.oid = i.inhparent"
		    " join pg_catalog.pg_namespace n on n.oid = p.relnamespace"
		    " join timescaledb_information.hypertables h"
		    " on h.hypertable_schema = n.nspname"
		    " and h.hypertable_name = p.relname"
		    " where i.inhrelid = ");
		sql_int(&sql, t->oid);
		sql_add(&sql, ")");
	}
	s = pg_run(pg, doing, &sql, &r);
	if (s == STATUS_OK) {
		t->hypertable = pg_true(r, 0, 0);
		t->hypertable_chunk |= child && pg_true(r, 0, 1);
	}
	return s;
}

status
pg_table_load(struct pg *pg, const char *schema, const char *name,
    struct pg_table *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct str doing CLEANUP(str_free) = STR_INIT;
	struct pg_types types = {0};
	bool child = false;
	status s;

	*out = (struct pg_table){0};
	str_add(&doing, "look up ");
	sql_show_name(&doing, schema, name);
	select_relation(&sql, schema, name);
	select_columns(&sql);
	select_types(&sql);
	s = pg_run_again(pg, str_text(&doing), "pgpipe_table", &sql,
	    &pg->table_prepared, &r);
	if (s != STATUS_OK) {
		return s;
	}
	out->schema = mem_strdup(schema);
	out->name = mem_strdup(name);
	take_rows(out, &types, r, &child);
	pg_types_free(&types);
	if (out->exists) {
		s = load_timescale(pg, str_text(&doing), out, child);
	}
	if (s != STATUS_OK) {
		pg_table_free(out);
	}
	return s;
}

void
pg_table_free(struct pg_table *t)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		struct pg_column *c = &t->columns[i];

		free(c->name);
		free(c->type);
		free(c->type_name);
		free(c->typmod_text);
		free(c->fields);
		json_decref(c->made_of);
		free(c->canonical);
	}
	free(t->columns);
	free(t->schema);
	free(t->name);
	*t = (struct pg_table){0};
}

struct pg_column *
pg_table_column(const struct pg_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		if (strcmp(t->columns[i].name, name) == 0) {
			return &t->columns[i];
		}
	}
	return NULL;
}

bool
pg_table_binary(const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].generated && !t->columns[i].binary) {
			return false;
		}
	}
	return true;
}

void
pg_table_copy_list(const struct pg_table *t, struct sql *out)
{
	bool first = true;
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		if (t->columns[i].generated) {
			continue;
		}
		if (!first) {
			sql_add(out, ", ");
		}
		sql_ident(out, t->columns[i].name);
		first = false;
	}
}

void
pg_table_select_list(const struct pg_table *t, struct sql *out)
{
	bool first = true;
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		const struct pg_column *c = &t->columns[i];

		if (c->generated) {
			continue;
		}
		if (!first) {
			sql_add(out, ", ");
		}
		if (c->as_bytes) {
			sql_given(out, c->open);
		}
		sql_ident(out, c->name);
		if (c->as_bytes) {
			sql_given(out, c->close);
		}
		first = false;
	}
}
