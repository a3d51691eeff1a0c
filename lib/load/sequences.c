/* SPDX-License-Identifier: PostgreSQL */
/*
 * Setting sequences forward, never back.
 */
#include "load/sequences.h"

#include <string.h>

#include "base/log.h"
#include "data/record.h"

struct sequence {
	const char *schema, *table, *column; /* the owner, in the target */
	const char *last_value;
	bool is_called;
	char *shown;
};

/* The target's sequence of that column, or NULL; the caller frees. */
static status
find(struct pg *pg, const struct sequence *q, struct pg_result **out,
    struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql, "select n.nspname, c.relname, s.seqincrement > 0");
	sql_add(&sql, " from pg_catalog.pg_depend as d");
	sql_add(&sql, " join pg_catalog.pg_class as c on c.oid = d.objid");
	sql_add(&sql, " join pg_catalog.pg_namespace as n");
	sql_add(&sql, " on n.oid = c.relnamespace");
	sql_add(&sql,
	    " join pg_catalog.pg_sequence as s on s.seqrelid = c.oid");
	sql_add(&sql, " join pg_catalog.pg_attribute as a");
	sql_add(&sql,
	    " on a.attrelid = d.refobjid and a.attnum = d.refobjsubid");
	sql_add(&sql, " join pg_catalog.pg_class as t on t.oid = a.attrelid");
	sql_add(&sql, " join pg_catalog.pg_namespace as m");
	sql_add(&sql, " on m.oid = t.relnamespace");
	sql_add(&sql, " where d.classid = 'pg_catalog.pg_class'");
	sql_add(&sql, "::pg_catalog.regclass");
	sql_add(&sql, " and d.refclassid = 'pg_catalog.pg_class'");
	sql_add(&sql, "::pg_catalog.regclass and d.deptype in ('a', 'i')");
	sql_add(&sql, " and m.nspname = ");
	sql_param(&sql, q->schema);
	sql_add(&sql, " and t.relname = ");
	sql_param(&sql, q->table);
	sql_add(&sql, " and a.attname = ");
	sql_param(&sql, q->column);
	return failure_run(f, pg, &sql, out, "look for the sequence of %s",
	    q->shown);
}

/* One statement, so that hardly anything comes between look and set. */
static status
set(struct pg *pg, const struct sequence *q, const char *schema,
    const char *name, bool ascending, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	const char *called = q->is_called ? "true" : "false";

	sql_add(&sql, "select pg_catalog.setval(c.oid::pg_catalog.regclass, ");
	sql_param(&sql, q->last_value);
	sql_add(&sql, "::bigint, ");
	sql_param(&sql, called);
	sql_add(&sql, "::boolean) from ");
	sql_name(&sql, schema, name);
	sql_add(&sql, " as s, pg_catalog.pg_class as c");
	sql_add(&sql, " join pg_catalog.pg_namespace as n");
	sql_add(&sql, " on n.oid = c.relnamespace where n.nspname = ");
	sql_param(&sql, schema);
	sql_add(&sql, " and c.relname = ");
	sql_param(&sql, name);
	if (ascending)
		sql_add(&sql, " and (s.last_value < ");
	else
		sql_add(&sql, " and (s.last_value > ");
	sql_param(&sql, q->last_value);
	sql_add(&sql, "::bigint or (s.last_value = ");
	sql_param(&sql, q->last_value);
	sql_add(&sql, "::bigint and not s.is_called and ");
	sql_param(&sql, called);
	sql_add(&sql, "::boolean))");
	return failure_run(f, pg, &sql, NULL, "set the sequence of %s to %s",
	    q->shown, q->last_value);
}

static status
set_one(struct pg *pg, const struct sequence *q)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = find(pg, q, &r, &f);

	if (s == STATUS_OK && pg_rows(r) == 0) {
		log_warning("%s owns no sequence in the target; there is none "
			    "to set",
		    q->shown);
		return STATUS_OK;
	}
	if (s == STATUS_OK)
		s = set(pg, q, pg_value(r, 0, 0), pg_value(r, 0, 1),
		    pg_true(r, 0, 2), &f);
	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

static bool
read_sequence(const struct load *load, const json_t *record,
    struct sequence *out)
{
	const json_t *owner = json_object_get(record, "owner");
	const char *schema = record_text(owner, "schema");
	const char *table = record_text(owner, "table");
	struct str shown = STR_INIT;

	out->column = record_text(owner, "column");
	out->last_value = record_text(record, "last_value");
	out->is_called = record_flag(record, "is_called");
	if (schema == NULL || table == NULL || out->column == NULL ||
	    out->last_value == NULL)
		return false;
	(void)map_relation(&load->map, schema, table, &out->schema,
	    &out->table);
	sql_show_name(&shown, out->schema, out->table);
	str_addc(&shown, '.');
	sql_show_ident(&shown, out->column);
	out->shown = str_take(&shown);
	return true;
}

status
sequences_set(struct load *load, struct pg *pg, const json_t *record)
{
	const json_t *list = json_object_get(record, "sequences");
	status worst = STATUS_OK;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		struct sequence q = {0};

		if (!read_sequence(load, json_array_get(list, i), &q)) {
			log_error("the archive's sequences cannot be read");
			return STATUS_USAGE;
		}
		worst = status_worse(worst, set_one(pg, &q));
		free(q.shown);
		if (pg_broken(pg))
			break;
	}
	return worst;
}
