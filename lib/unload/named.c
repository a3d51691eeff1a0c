/* SPDX-License-Identifier: PostgreSQL */
/*
 * From table names to chunk lines, through the holder's connection, so that
 * they are looked up under the snapshot.
 */
#include "unload/named.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"
#include "pg/table.h"
#include "unload/relation.h"

struct name {
	struct str parts[2];
	size_t count;
};

static void
name_cleanup(struct name *n)
{
	str_free(&n->parts[0]);
	str_free(&n->parts[1]);
}

/* One part: "as it is", or folded to lower case up to a dot. */
static const char *
parse_part(const char *p, struct str *out)
{
	if (*p != '"') {
		for (; *p != '\0' && *p != '.'; p++)
			str_addc(out,
			    *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a')
						   : *p);
		return p;
	}
	for (p++; *p != '\0'; p++) {
		if (*p == '"' && *++p != '"')
			return p;
		str_addc(out, *p);
	}
	return NULL;
}

static bool
parse(const char *text, struct name *out)
{
	const char *p = text;

	memset(out, 0, sizeof(*out));
	while (out->count < 2) {
		struct str *part = &out->parts[out->count++];

		p = parse_part(p, part);
		if (p == NULL || part->len == 0)
			return false;
		if (*p != '.')
			break;
		p++;
	}
	return *p == '\0' && p[-1] != '.';
}

enum column {
	SCHEMA,
	TABLE,
	PARTITION,
	PARENT_SCHEMA,
	PARENT_TABLE,
	ROOT_SCHEMA,
	ROOT_TABLE,
	BOUND,
	ROWS,
	BYTES
};

/* The tables of that name, each with its first parent and its root. */
static void
add_query(struct sql *sql, const char *schema, const char *table)
{
	sql_add(sql, "with recursive up (relid, above, level) as (");
	sql_add(sql, " select c.oid, c.oid, 0 from pg_catalog.pg_class as c");
	sql_add(sql, " join pg_catalog.pg_namespace as n");
	sql_add(sql, " on n.oid = c.relnamespace where c.relname = ");
	sql_param(sql, table);
	if (schema != NULL) {
		sql_add(sql, " and n.nspname = ");
		sql_param(sql, schema);
	} else {
		sql_add(sql, " and n.nspname !~ '^pg_'");
		sql_add(sql, " and n.nspname <> 'information_schema'");
		sql_add(sql, " and c.relkind in ('r', 'p', 'v', 'm', 'f')");
	}
	sql_add(sql, " union all");
	sql_add(sql, " select up.relid, i.inhparent, up.level + 1 from up");
	sql_add(sql, " join pg_catalog.pg_inherits as i");
	sql_add(sql, " on i.inhrelid = up.above where i.inhseqno = (");
	sql_add(sql, "select pg_catalog.min(f.inhseqno)");
	sql_add(sql, " from pg_catalog.pg_inherits as f");
	sql_add(sql, " where f.inhrelid = up.above)),");
	sql_add(sql, " place (relid, root, parent) as (select relid,");
	sql_add(sql, " (pg_catalog.array_agg(above order by level desc))[1],");
	sql_add(sql, " (pg_catalog.array_agg(above order by level)");
	sql_add(sql, " filter (where level = 1))[1]");
	sql_add(sql, " from up group by relid)");
	sql_add(sql, " select n.nspname, c.relname, c.relispartition,");
	sql_add(sql, " pn.nspname, p.relname, rn.nspname, r.relname,");
	sql_add(sql, " pg_catalog.pg_get_expr(c.relpartbound, c.oid),");
	sql_add(sql, " case when c.reltuples > 0");
	sql_add(sql, " then c.reltuples::pg_catalog.int8 end,");
	/* Not the size of its files: that takes a lock. */
	sql_add(sql, " nullif((c.relpages::pg_catalog.int8");
	sql_add(sql, " + coalesce(o.relpages, 0)) * pg_catalog");
	sql_add(sql, ".current_setting('block_size')::pg_catalog.int8, 0)");
	sql_add(sql, " from place");
	sql_add(sql, " join pg_catalog.pg_class as c on c.oid = place.relid");
	sql_add(sql, " join pg_catalog.pg_namespace as n");
	sql_add(sql, " on n.oid = c.relnamespace");
	sql_add(sql, " join pg_catalog.pg_class as r on r.oid = place.root");
	sql_add(sql, " join pg_catalog.pg_namespace as rn");
	sql_add(sql, " on rn.oid = r.relnamespace");
	sql_add(sql, " left join pg_catalog.pg_class as o");
	sql_add(sql, " on o.oid = c.reltoastrelid");
	sql_add(sql, " left join pg_catalog.pg_class as p");
	sql_add(sql, " on p.oid = place.parent");
	sql_add(sql, " left join pg_catalog.pg_namespace as pn");
	sql_add(sql, " on pn.oid = p.relnamespace order by 1, 2");
}

static void
set(json_t *record, const char *field, json_t *value)
{
	(void)json_object_set_new(record, field, value);
}

static void
set_id(json_t *line, const struct pg_result *r)
{
	struct str id CLEANUP(str_free) = STR_INIT;

	if (pg_value(r, 0, PARENT_TABLE) != NULL) {
		sql_show_name(&id, pg_value(r, 0, ROOT_SCHEMA),
		    pg_value(r, 0, ROOT_TABLE));
		str_addc(&id, '/');
	}
	sql_show_name(&id, pg_value(r, 0, SCHEMA), pg_value(r, 0, TABLE));
	record_set_text(line, "chunk", str_text(&id));
}

static const char *
source(const struct pg_result *r)
{
	if (pg_value(r, 0, PARENT_TABLE) == NULL)
		return "table";
	return pg_true(r, 0, PARTITION) ? "partition" : "inheritance";
}

static void
set_parent(json_t *line, const struct pg_result *r)
{
	json_t *parent;

	if (pg_value(r, 0, PARENT_TABLE) == NULL) {
		set(line, "parent", json_null());
		return;
	}
	parent = json_object();
	record_set_text(parent, "schema", pg_value(r, 0, PARENT_SCHEMA));
	record_set_text(parent, "table", pg_value(r, 0, PARENT_TABLE));
	set(line, "parent", parent);
}

static void
set_estimate(json_t *line, const char *field, const struct pg_result *r,
    int column)
{
	if (pg_value(r, 0, column) == NULL)
		set(line, field, json_null());
	else
		record_set_int(line, field, pg_int(r, 0, column));
}

static json_t *
make_line(const struct snapshot *s, const struct pg_result *r)
{
	json_t *line = json_object();

	set_id(line, r);
	record_set_text(line, "source", source(r));
	record_set_text(line, "schema", pg_value(r, 0, SCHEMA));
	record_set_text(line, "table", pg_value(r, 0, TABLE));
	set_parent(line, r);
	if (pg_value(r, 0, BOUND) != NULL)
		record_set_text(line, "bound", pg_value(r, 0, BOUND));
	set(line, "slice", json_null());
	set(line, "where", json_null());
	set_estimate(line, "rows", r, ROWS);
	set_estimate(line, "bytes", r, BYTES);
	set(line, "compressed", json_false());
	if (s->system != NULL)
		record_set_text(line, "system", s->system);
	else
		set(line, "system", json_null());
	record_set_int(line, "timeline", s->timeline);
	record_set_text(line, "database", s->database);
	return line;
}

/* Refuse now what could only fail later. */
static status
check(const struct snapshot *s, const struct pg_result *r)
{
	struct pg_table table = {0};
	struct failure why CLEANUP(failure_clear) = {0};
	struct str name CLEANUP(str_free) = STR_INIT;
	status st;

	st = pg_table_load(s->holder, pg_value(r, 0, SCHEMA),
	    pg_value(r, 0, TABLE), &table);
	if (st != STATUS_OK)
		return st;
	sql_show_name(&name, pg_value(r, 0, SCHEMA), pg_value(r, 0, TABLE));
	st = relation_check(&table, str_text(&name), false, s->holder,
	    s->standby, &why);
	if (st != STATUS_OK)
		failure_report(&why);
	pg_table_free(&table);
	return st;
}

static status
no_name(const char *text)
{
	log_error("\"%s\" is no table name", text);
	log_hint("write it as in SQL: table, schema.table, \"My Table\"");
	return STATUS_USAGE;
}

static status
find(const struct snapshot *s, const char *text, struct pg_result **r)
{
	struct name name CLEANUP(name_cleanup) = {0};
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st;

	if (!parse(text, &name))
		return no_name(text);
	if (name.count == 2)
		add_query(&sql, name.parts[0].data, name.parts[1].data);
	else
		add_query(&sql, NULL, name.parts[0].data);
	st = pg_run(s->holder, "look up a table", &sql, r);
	if (st != STATUS_OK)
		return st;
	if (pg_rows(*r) == 0) {
		log_error("there is no table \"%s\"", text);
		if (strpbrk(text, "*?") != NULL)
			log_hint("patterns are for pg-chunks: pg-chunks '%s' "
				 "| %s",
			    text, log_program());
		return STATUS_FAIL;
	}
	if (pg_rows(*r) > 1) {
		log_error("there are tables \"%s\" in %d schemas", text,
		    pg_rows(*r));
		log_hint("name the schema: \"%s\".%s", pg_value(*r, 0, SCHEMA),
		    text);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

status
named_lines(const struct snapshot *s, char *const *names, size_t n,
    json_t **out)
{
	json_t *lines CLEANUP(record_cleanup) = json_array();
	status worst = STATUS_OK;
	size_t i;

	*out = NULL;
	for (i = 0; i < n; i++) {
		struct pg_result *r CLEANUP_RESULT = NULL;
		status st = find(s, names[i], &r);

		if (st == STATUS_OK)
			st = check(s, r);
		if (st == STATUS_OK)
			(void)json_array_append_new(lines, make_line(s, r));
		worst = status_worse(worst, st);
		if (pg_broken(s->holder))
			break;
	}
	if (worst == STATUS_OK)
		*out = json_incref(lines);
	return worst;
}
